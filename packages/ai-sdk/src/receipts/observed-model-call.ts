import { ObservedCall } from '@harbor/parts'
import type { Failure } from '@harbor/retry'
import { failureFacts } from './failure-facts.ts'
import { observedModelReceipt, type ObservedModelReceipt, type OpenCall } from './observed-model-receipt.ts'
import type { CallObserver } from './observer.ts'
import type { ObservedAttempt, ObservedFailure } from './observed-attempt.ts'
import type { ObservedCallFailure, ObservedReceipt, ObservedWait } from './observed-receipt.ts'
import type { ModelAttempt } from './receipt.ts'

/** What is known of a call when it starts. */
type StartedCall = Omit<Parameters<CallObserver['start']>[0], 'receipt' | 'role'>
type Writable<T> = { -readonly [Field in keyof T]: T[Field] }

/** The minimum duration of a wait that is recorded, in milliseconds. Shorter ones are the time that the code itself takes. */
const MIN_WAIT_MS = 0.1

/** The kinds of failures of an answer whose status was not an error. */
const IN_BODY: ReadonlySet<Failure['kind']> = new Set(['malformed', 'stream'])

/** Notifies the observers of one call to a fallback model. */
export class ObservedModelCall {
  readonly #call: ObservedCall<ObservedAttempt, ObservedWait, ObservedReceipt>
  readonly #receipt: ObservedModelReceipt
  readonly #attempts = new Map<ModelAttempt, Writable<ObservedAttempt>>()
  /** The wait before the next attempt. */
  #wait: ObservedWait | undefined

  private constructor(
    call: ObservedCall<ObservedAttempt, ObservedWait, ObservedReceipt>,
    receipt: ObservedModelReceipt,
  ) {
    this.#call = call
    this.#receipt = receipt
  }

  /**
   * Starts the observations of a call.
   * @param warn called with each error of an observer
   * @returns `undefined` if no observer wants to observe it
   */
  static start(
    observers: readonly CallObserver[],
    open: OpenCall,
    { request, ...facts }: StartedCall,
    warn: () => void,
  ): ObservedModelCall | undefined {
    const observed = observedModelReceipt(open, request, now())
    const { receipt } = observed
    const call = ObservedCall.start(observers, { receipt, request, role: 'call' as const, ...facts }, warn)
    return call && new ObservedModelCall(call, observed)
  }

  /**
   * Records the wait before an attempt, which ends now.
   * @param previous the failed attempt at the same target; `undefined` if there was none
   */
  waitedBefore(previous: ModelAttempt | undefined, isHedge: boolean): void {
    if (previous) {
      const { startedAt = now(), durationMs = 0, failure } = this.#attempts.get(previous) ?? {}
      this.#waited(failure?.retryAfterMs === undefined ? 'backoff' : 'retry-after', startedAt + durationMs)
    } else if (isHedge) this.#waited('hedge-delay', this.#receipt.attempts.at(-1)?.startedAt ?? now())
  }

  #waited(reason: ObservedWait['reason'], startedAt: number): void {
    const ms = now() - startedAt
    if (ms < MIN_WAIT_MS) return
    this.#wait = { reason, startedAt, ms }
    this.#receipt.waits.push(this.#wait)
    this.#call.waited(this.#wait)
  }

  /**
   * Sends the request of an attempt through all observers.
   * @param circuit the state of the target's circuit; `undefined` without a circuit breaker
   */
  attempt<T>(
    record: ModelAttempt,
    circuit: ObservedAttempt['circuit'],
    send: (headers?: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T> {
    const wait = this.#wait
    this.#wait = undefined
    const isBeforeRetry = wait !== undefined && wait.reason !== 'hedge-delay'
    const attempt: Writable<ObservedAttempt> = {
      number: this.#receipt.attempts.length + 1,
      target: record.target,
      origin: undefined,
      circuit,
      keyIndex: undefined,
      adaptations: record.adaptations,
      startedAt: now(),
      durationMs: undefined,
      waitedMs: isBeforeRetry ? wait.ms : 0,
      waitedFor: isBeforeRetry ? wait.reason : 'nothing',
      reason: record.reason ?? 'first',
      status: undefined,
      requestId: undefined,
      failure: undefined,
    }
    this.#attempts.set(record, attempt)
    this.#receipt.attempts.push(attempt)
    return this.#call.attempt(attempt, send)
  }

  /** Returns a function to call for each part with content of a stream; `undefined` if no observer wants to know of them. */
  chunks(record: ModelAttempt): (() => void) | undefined {
    const attempt = this.#attempts.get(record)
    const listener = attempt && this.#call.chunks(attempt)
    return listener && (() => listener(now()))
  }

  /** @param failure why the attempt failed or was aborted; `undefined` if it succeeded */
  attemptEnded(record: ModelAttempt, failure: Failure | undefined): void {
    const attempt = this.#attempts.get(record)
    if (!attempt || attempt.durationMs !== undefined) return
    attempt.durationMs = now() - attempt.startedAt
    attempt.status = failure?.status
    attempt.failure = failure && observedFailure(failure)
    this.#call.attemptEnded(attempt)
  }

  /** @param failure why the call failed; `undefined` if it did not */
  end(failure: ObservedCallFailure | undefined): void {
    this.#receipt.close(now(), failure)
    this.#call.end(this.#receipt.receipt)
  }
}

function observedFailure(failure: Failure): ObservedFailure {
  const { kind, code, ambiguous, retryAfterMs } = failureFacts(failure)
  return { kind, code, ambiguous, retryAfterMs, phase: phaseOf(failure) }
}

function phaseOf({ status, kind, ambiguous }: Failure): ObservedFailure['phase'] {
  if (IN_BODY.has(kind)) return 'body'
  if (status !== undefined) return 'headers'
  return ambiguous ? 'sent' : 'not-sent'
}

/** The time in milliseconds since 1970, with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
