import { AllTargetsFailedError, FallbackChain, type FallbackContext } from '@harbor/fallback'
import {
  backoff,
  createRetry,
  situationOf,
  StopRetrying,
  TimeoutError,
  VERDICTS,
  type Failure,
  type RetryPolicy,
} from '@harbor/retry'
import { OpenReceipt, failureFacts } from '../receipts/open-receipt.ts'
import { attachReceipt } from '../receipts/receipt-of.ts'
import type { ModelAttempt, ModelReceipt } from '../receipts/receipt.ts'
import { failureOfModel } from './model-failure.ts'
import { ModelClosedError } from './errors.ts'
import { LiveAttempt } from './live-attempt.ts'
import { mayRetryHere, type CallState } from './next-step.ts'
import { notify } from './notify.ts'
import type { CommonOptions, Labels, ModelTarget } from './options.ts'
import { isAvailable, targetsOf, type Target } from './targets.ts'

/** The maximum wait before the second attempt at a target while another one can take over, in milliseconds. */
const MAX_SHORT_WAIT_MS = 100
const DEFAULT_TOTAL_MS = 600_000

/** One call, as the language model or the embedding model passes it on. */
export interface Call {
  readonly signal: AbortSignal | undefined
  readonly labels: Labels | undefined
  /** The name of the target to try first, if it is available. */
  readonly first?: string | undefined
  /** Why targets cannot serve this call at all, by target. They are skipped. */
  readonly unable?: ReadonlyMap<object, string> | undefined
}

/** The request of one call to one target. */
export interface TargetRequest<T> {
  /** What was removed from the prompt, or replaced, for this target. */
  readonly adaptations?: readonly string[]
  /** Sends the request. For a stream, resolves with the first content. It may be called again for another attempt. */
  send(attempt: LiveAttempt): Promise<T>
}

/** The answer to a call. The caller of `run` settles the attempt and closes the receipt. */
export interface Answered<Model, T> {
  readonly value: T
  readonly target: Target<Model>
  readonly attempt: LiveAttempt
  readonly receipt: OpenReceipt
}

/**
 * Sends a call to one target after the other until one answers: with retries, circuits, cooldowns and hedging. What follows a failure is
 * decided by the table of verdicts in `@harbor/retry`.
 */
export class CallRunner<Model extends { readonly provider: string; readonly modelId: string }> {
  readonly targets: readonly Target<Model>[]
  readonly chain: FallbackChain<Target<Model>>
  readonly #options: CommonOptions
  readonly #attemptMs: number | undefined
  readonly #totalMs: number
  readonly #patient: RetryPolicy
  readonly #hasty: RetryPolicy
  #isClosed = false
  #counts = { calls: 0, succeeded: 0, failed: 0, aborted: 0 }

  constructor(models: readonly Model[], options: CommonOptions, attemptMs: number | undefined) {
    const { on, hedge, retry, totalMs = DEFAULT_TOTAL_MS } = options
    this.#options = { ...options }
    this.#attemptMs = attemptMs
    this.#totalMs = totalMs
    this.targets = targetsOf(models, options)
    const own = retry === false ? { maxAttempts: 1 } : (retry ?? {})
    const settings = { shouldRetry: () => true, ...own, classify: failureOfModel }
    this.#patient = createRetry(settings)
    this.#hasty = createRetry({ ...settings, backoff: own.backoff ?? shortWaits(own) })
    this.chain = new FallbackChain<Target<Model>>({
      targets: this.targets,
      isAvailable,
      shouldAdvance: (error) => !isDeadline(error) && mayMoveOn(failureOfModel(error)),
      countsAsFailure: (error) => VERDICTS[situationOf(failureOfModel(error))].breaker === 'failure',
      hedge: hedge === false ? undefined : hedge,
      onAdvance: ({ from, to, error }) =>
        notify(on?.fallback, { from: from.name, to: to.name, failure: failureFacts(failureOfModel(error)) }),
    })
  }

  /**
   * @param requestFor returns the request to one target. Called once for each target that is tried
   * @throws AllTargetsFailedError if no target answered; the error of a target if no other one may take over; the signal's reason after an
   * abort; a TimeoutError after `totalMs`. `receiptOf` returns the receipt of each of these
   */
  async run<T>(
    call: Call,
    requestFor: (target: Target<Model>) => TargetRequest<T>,
  ): Promise<Answered<Model, T>> {
    if (this.#isClosed) throw new ModelClosedError()
    const { labels, maxUpstreamCalls = 6, attemptsBeforeFallback = 2 } = this.#options
    const receipt = new OpenReceipt({ ...labels, ...call.labels })
    const state: CallState = {
      receipt,
      maxUpstreamCalls,
      attemptsBeforeFallback,
      leftMs: () => this.#totalMs - receipt.elapsedMs,
      tried: new Set(),
      others: () =>
        this.targets.filter(
          (target) => !state.tried.has(target) && isAvailable(target) && !call.unable?.has(target),
        ).length,
    }
    this.#counts.calls++
    try {
      const answer = await this.chain.run(
        (target, context) => this.#callTarget(target, context, state, call, requestFor),
        { signal: call.signal, targets: this.#ordered(call) },
      )
      const { target, attempt } = answer.value
      for (const each of answer.attempts)
        if (each.outcome === 'skipped') receipt.skip(each.target, each.reason)
      receipt.target = target.name
      receipt.provider = target.model.provider
      receipt.modelId = target.model.modelId
      return { value: answer.value.value, target, attempt, receipt }
    } catch (error) {
      if (AllTargetsFailedError.is(error))
        for (const each of error.attempts)
          if (each.outcome === 'skipped') receipt.skip(each.target, each.reason)
      throw new CallFailed(error, receipt)
    }
  }

  /** Ends a call: closes its receipt, stores it with the error, if there is one, and notifies the listener. */
  end(receipt: OpenReceipt, outcome: ModelReceipt['outcome'], error?: unknown): ModelReceipt {
    const closed = receipt.close(outcome)
    if (error !== undefined) attachReceipt(error, closed)
    this.#counts[outcome === 'success' ? 'succeeded' : outcome === 'failure' ? 'failed' : 'aborted']++
    notify(this.#options.on?.end, closed)
    return closed
  }

  counts(): { calls: number; succeeded: number; failed: number; aborted: number; inFlight: number } {
    const { calls, succeeded, failed, aborted } = this.#counts
    return { calls, succeeded, failed, aborted, inFlight: calls - succeeded - failed - aborted }
  }

  /** Returns the index of a target in the list of models. */
  placeOf(name: string): number {
    return this.targets.findIndex((target) => target.name === name)
  }

  close(): void {
    this.#isClosed = true
    this.chain.close()
  }

  #ordered({ first, unable }: Call): readonly Target<Model>[] {
    const { order } = this.#options
    const ordered = order ? this.#own(order(this.targets, this.chain.health)) : this.targets
    const lead = ordered.find(
      (target) => target.name === first && isAvailable(target) && !unable?.has(target),
    )
    return lead ? [lead, ...ordered.filter((target) => target !== lead)] : ordered
  }

  /** Returns the targets that an order has returned. Anything else in its list is left out. */
  #own(ordered: readonly ModelTarget[]): readonly Target<Model>[] {
    return ordered.flatMap(({ name }) => this.targets.filter((target) => target.name === name))
  }

  async #callTarget<T>(
    target: Target<Model>,
    context: FallbackContext,
    state: CallState,
    call: Call,
    requestFor: (target: Target<Model>) => TargetRequest<T>,
  ): Promise<{ value: T; target: Target<Model>; attempt: LiveAttempt }> {
    const { receipt } = state
    state.tried.add(target)
    const unable = call.unable?.get(target)
    if (unable !== undefined) context.skip(unable)
    if (receipt.upstreamCalls >= state.maxUpstreamCalls) context.skip('maxUpstreamCalls was reached')
    const refusal = target.refusal()
    if (refusal !== undefined) context.skip(refusal)
    const request = requestFor(target)
    const policy = state.others() > 0 ? this.#hasty : this.#patient
    return await policy.run(
      async ({ number, signal, previousError }) => {
        // A circuit that opened after the attempt before ends the retries with the error of that attempt.
        const permit = target.acquire()
        if (permit === false) throw new StopRetrying(previousError)
        const reason =
          number > 1 ? 'retry' : context.hedged ? 'hedge' : context.attempt > 1 ? 'fallback' : 'first'
        const attempt = new LiveAttempt(
          target,
          permit,
          receipt.begin(target.name, reason, request.adaptations),
          signal,
          call.signal,
        )
        const share = state.others() > 0 ? 0.5 : 1
        const limitMs = this.#attemptMs ?? Math.max(1, state.leftMs() * share)
        attempt.limit(limitMs, () => new TimeoutError('attempt', Math.round(limitMs), number))
        try {
          const value = await attempt.until(request.send(attempt))
          attempt.answered()
          return { value, target, attempt }
        } catch (error) {
          if (signal.aborted || call.signal?.aborted) {
            attempt.release(signal.reason)
            throw error
          }
          const failure = attempt.fail(error)
          throw mayRetryHere(state, target, failure) ? error : new StopRetrying(error)
        }
      },
      { signal: context.signal, deadlineMs: state.leftMs() },
    )
  }
}

/** The error of a call, with its receipt. It never reaches a caller. */
export class CallFailed extends Error {
  readonly error: unknown
  readonly receipt: OpenReceipt
  constructor(error: unknown, receipt: OpenReceipt) {
    super('The call failed.')
    this.error = error
    this.receipt = receipt
  }
  /** The attempts, for the last resort; `undefined` if it does not apply. */
  get failures(): readonly ModelAttempt[] | undefined {
    return AllTargetsFailedError.is(this.error) ? this.receipt.attempts : undefined
  }
}

function mayMoveOn(failure: Failure): boolean {
  const { nextTarget } = VERDICTS[situationOf(failure)]
  return nextTarget === 'yes' || nextTarget === 'other-credential' || nextTarget === 'other-quota-group'
}

const isDeadline = (error: unknown): boolean => TimeoutError.is(error) && error.scope === 'deadline'

function shortWaits({
  baseDelayMs = MAX_SHORT_WAIT_MS,
  maxDelayMs,
  factor,
}: Partial<Record<'baseDelayMs' | 'maxDelayMs' | 'factor', number | undefined>>) {
  return backoff.exponential({ baseDelayMs: Math.min(baseDelayMs, MAX_SHORT_WAIT_MS), maxDelayMs, factor })
}
