import type { BreakerState, Permit } from '@harbor/breaker'
import { MAX_TIMER_MS, untilAborted } from '@harbor/parts'
import type { Failure } from '@harbor/retry'
import { situationOf, TimeoutError, VERDICTS } from '@harbor/retry'
import { failureFacts } from '../receipts/failure-facts.ts'
import type { OpenReceipt } from '../receipts/open-receipt.ts'
import { failureOfModel } from './model-failure.ts'
import type { CallState } from './next-step.ts'
import type { Target } from './targets.ts'

/** One request to one target: its signal, its time limit, its permit of the circuit and its line in the receipt. */
export class LiveAttempt {
  readonly #controller = new AbortController()
  readonly #target: Target<unknown>
  readonly #permit: Permit | undefined
  readonly #record: ReturnType<OpenReceipt['begin']>
  readonly #start = performance.now()
  /** The signal of the attempt, which is followed until the attempt is answered. */
  readonly #signal: AbortSignal
  /** The signal of the caller, which is followed until the end of the answer. */
  readonly #caller: AbortSignal | undefined
  readonly #reported: Set<object>
  readonly #observed: OpenReceipt['observed']
  /** The state of the target's circuit when the attempt was admitted. */
  readonly #circuit: BreakerState | undefined
  #onContent: (() => void) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSettled = false

  constructor(
    target: Target<unknown>,
    permit: Permit | undefined,
    record: ReturnType<OpenReceipt['begin']>,
    signal: AbortSignal,
    { signal: caller, reported, receipt }: CallState,
  ) {
    this.#target = target
    this.#circuit = target.breaker?.state
    this.#permit = permit
    this.#record = record
    this.#signal = signal
    this.#caller = caller
    this.#reported = reported
    this.#observed = receipt.observed
    signal.addEventListener('abort', this.#followAttempt)
    caller?.addEventListener('abort', this.#followCaller)
    if (signal.aborted) this.#followAttempt()
    if (caller?.aborted) this.#followCaller()
  }

  /** The signal that is passed to the model. It aborts when the attempt or the caller's call ends. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Limits the time until the attempt is answered. */
  limit(ms: number, errorOf: () => Error): void {
    this.#stopTimer()
    if (ms <= MAX_TIMER_MS) this.#timer = setTimeout(() => this.abort(errorOf()), ms)
  }

  /**
   * Sends the request, through the observers of the call. Rejects at once when the attempt is aborted, even if the model ignores its signal.
   * @param request called with the headers that the observers add
   */
  send<T>(request: (headers?: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
    return untilAborted(
      this.signal,
      this.#observed?.attempt(this.#record, this.#circuit, request) ?? request(),
    )
  }

  /** The answer is a stream. From now on, `content()` notifies the observers that want to know of its contents. */
  streams(): void {
    this.#onContent = this.#observed?.chunks(this.#record)
  }

  /** A part with content has arrived. */
  content(): void {
    this.#onContent?.()
  }

  /** The answer has arrived, or has begun to arrive. From now on, only the caller's signal aborts it. */
  answered(): void {
    this.#stopTimer()
    this.#signal.removeEventListener('abort', this.#followAttempt)
    this.#permit?.answered()
    this.#target.noteAnswer()
    this.#record.outcome = 'answered'
    this.#measure()
  }

  /** The answer is complete. */
  succeed(): void {
    if (!this.#settle()) return
    this.#permit?.succeed()
    this.#observed?.attemptEnded(this.#record, undefined)
  }

  /** The attempt failed. Counts the failure, and starts the cooldown that it calls for. */
  fail(error: unknown): Failure {
    const failure = failureOfModel(error)
    if (!this.#settle()) return failure
    this.#record.outcome = 'failed'
    this.#record.failure = failureFacts(failure)
    if (VERDICTS[situationOf(failure)].breaker === 'failure' && !this.#reported.has(this.#target)) {
      this.#reported.add(this.#target)
      this.#permit?.fail(error)
    } else this.#permit?.release()
    this.#target.noteFailure(failure)
    this.abort(error)
    this.#observed?.attemptEnded(this.#record, failure)
    return failure
  }

  /** The attempt ended without a judgement of the target: it was abandoned, or the caller aborted it. */
  release(reason: unknown): void {
    if (!this.#settle()) return
    this.#permit?.release()
    this.abort(reason)
    this.#observed?.attemptEnded(this.#record, this.#whyAbandoned(reason))
  }

  /** Returns why the attempt ended without an answer, as observers get it; undefined if it was answered. */
  #whyAbandoned(reason: unknown): Failure | undefined {
    if (this.#record.outcome !== 'abandoned') return undefined
    const aborted = { kind: 'aborted', retryable: false, ambiguous: true } as const
    if (this.#caller?.aborted) return aborted
    // The time of the whole call is over, or another target has answered.
    return TimeoutError.is(reason)
      ? { ...failureOfModel(reason), ambiguous: true }
      : { ...aborted, code: 'lost_hedge' }
  }

  /** Another target has answered first. Called by the chain, as for the body of a response that nothing will read. */
  async cancel(): Promise<void> {
    if (!this.#isSettled) this.#record.outcome = 'abandoned'
    this.release(this.#signal.reason)
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#measure()
    this.#stopTimer()
    this.#signal.removeEventListener('abort', this.#followAttempt)
    this.#caller?.removeEventListener('abort', this.#followCaller)
    return true
  }

  #measure(): void {
    this.#record.durationMs = Math.round(performance.now() - this.#start)
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #followAttempt = (): void => this.release(this.#signal.reason)
  readonly #followCaller = (): void => this.release(this.#caller?.reason)
}
