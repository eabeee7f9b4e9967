import {
  AllTargetsFailedError,
  FallbackChain,
  type FallbackAnswer,
  type TargetAttempt,
} from '@harbor/fallback'
import { situationOf, TimeoutError, VERDICTS, type Failure } from '@harbor/retry'
import { failureFacts } from '../receipts/failure-facts.ts'
import { ObservedModelCall } from '../receipts/observed-model-call.ts'
import { observerList, type CallObserver, type ObservedModel } from '../receipts/observer.ts'
import { OpenReceipt } from '../receipts/open-receipt.ts'
import { attachReceipt } from '../receipts/receipt-of.ts'
import type { ModelAttempt, ModelReceipt } from '../receipts/receipt.ts'
import { callFailure, failureOfModel } from './model-failure.ts'
import { ModelClosedError } from './errors.ts'
import { LastChances } from './last-chance.ts'
import type { CallState } from './next-step.ts'
import { notify, once, warn } from './notify.ts'
import { observedModel } from './observed-model.ts'
import type { CommonOptions, Labels, ModelTarget } from './options.ts'
import { TargetCaller, type TargetAnswer, type TargetRequest } from './target-caller.ts'
import { isAvailable, targetsOf, type BreakerListeners, type Target } from './targets.ts'

const DEFAULT_TOTAL_MS = 600_000
const NONE: ReadonlyMap<object, string> = new Map()

/** One call, as the language model or the embedding model passes it on. */
export interface Call {
  readonly operation: 'chat' | 'embeddings'
  readonly streaming: boolean
  readonly signal: AbortSignal | undefined
  readonly labels: Labels | undefined
  /** The name of the target to try first, if it is available. */
  readonly first?: string | undefined
  /** Why targets cannot serve this call at all, by target. They are skipped. */
  readonly unable?: ReadonlyMap<object, string>
}

/** The answer to a call. The caller of `run` settles the attempt and closes the receipt. */
export interface Answered<Model, T> extends TargetAnswer<Model, T> {
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
  readonly #totalMs: number
  readonly #caller: TargetCaller<Model>
  readonly #observers: readonly CallObserver[] | undefined
  readonly #warnOfObserver = once(() => warn('A call observer threw an error.'))
  /** What observers can read of this model. */
  readonly #observed: ObservedModel
  readonly #lastChances = new LastChances()
  #isClosed = false
  #counts = { calls: 0, succeeded: 0, failed: 0, aborted: 0 }

  constructor(models: readonly Model[], options: CommonOptions, attemptMs: number | undefined) {
    const { on, hedge, totalMs = DEFAULT_TOTAL_MS } = options
    this.#options = { ...options }
    this.#totalMs = totalMs
    this.#observers = observerList(options.telemetry)
    const breakerListeners: BreakerListeners = new Set()
    this.targets = targetsOf(models, options, breakerListeners)
    this.#observed = observedModel(this, breakerListeners)
    this.#caller = new TargetCaller(options, attemptMs)
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
    receipt.observed = this.#observe(receipt, call)
    const { signal, unable = NONE } = call
    const state: CallState = {
      receipt,
      signal,
      unable,
      maxUpstreamCalls,
      attemptsBeforeFallback,
      leftMs: () => this.leftMs(receipt),
      tried: new Set(),
      reported: new Set(),
      others: () =>
        this.targets.filter(
          (target) => !state.tried.has(target) && isAvailable(target) && !unable.has(target),
        ).length,
    }
    this.#counts.calls++
    try {
      const answer = await this.#answer(this.#ordered(call), state, requestFor)
      const { target } = answer.value
      noteSkipped(receipt, answer.attempts)
      receipt.target = target.name
      receipt.provider = target.model.provider
      receipt.modelId = target.model.modelId
      return { ...answer.value, receipt }
    } catch (error) {
      if (AllTargetsFailedError.is(error)) noteSkipped(receipt, error.attempts)
      throw new CallFailed(error, receipt)
    }
  }

  /** Returns the time left of a call, in milliseconds. */
  leftMs(receipt: OpenReceipt): number {
    return this.#totalMs - receipt.elapsedMs
  }

  /** Calls one target after the other, and at last one whose circuit refuses calls. */
  async #answer<T>(
    targets: readonly Target<Model>[],
    state: CallState,
    requestFor: (target: Target<Model>) => TargetRequest<T>,
  ): Promise<FallbackAnswer<TargetAnswer<Model, T>>> {
    const { signal } = state
    try {
      return await this.chain.run(
        (target, context) => this.#caller.call(target, context, state, requestFor),
        { signal, targets },
      )
    } catch (error) {
      if (!AllTargetsFailedError.is(error)) throw error
      const last = this.#lastChances.begin(targets, state, this.chain.health)
      if (!last) throw error
      const others = error.attempts.filter(({ target }) => target !== last.name)
      this.#notifyFallback(others, last)
      try {
        const answer = await this.chain.run(
          (target, context) => this.#caller.call(target, context, state, requestFor, true),
          { signal, targets: [last], hedge: false },
        )
        return { ...answer, attempts: [...others, ...answer.attempts] }
      } catch (final) {
        throw AllTargetsFailedError.is(final)
          ? new AllTargetsFailedError([...others, ...final.attempts])
          : final
      } finally {
        this.#lastChances.end()
      }
    }
  }

  #notifyFallback(attempts: readonly TargetAttempt[], { name }: Target<Model>): void {
    const failed = attempts.findLast((attempt) => attempt.outcome === 'failed')
    if (failed?.outcome !== 'failed') return
    const failure = failureFacts(failureOfModel(failed.error))
    notify(this.#options.on?.fallback, { from: failed.target, to: name, failure })
  }

  /** Ends a call: closes its receipt, stores it with the error, if there is one, and notifies the listener. */
  end(receipt: OpenReceipt, outcome: ModelReceipt['outcome'], error?: unknown): ModelReceipt {
    const closed = receipt.close(outcome)
    if (error !== undefined) attachReceipt(error, closed)
    this.#counts[outcome === 'success' ? 'succeeded' : outcome === 'failure' ? 'failed' : 'aborted']++
    notify(this.#options.on?.end, closed)
    receipt.observed?.end(outcome === 'failure' ? callFailure(error) : undefined)
    return closed
  }

  #observe(receipt: OpenReceipt, { operation, streaming }: Call): ObservedModelCall | undefined {
    if (!this.#observers) return undefined
    const { provider = '', modelId: model } = this.targets[0] ?? {}
    const request = { protocol: 'ai-sdk', operation, provider, model, streaming, url: '' }
    const started = { request, client: this.#observed, deadlineAt: receipt.startedAt + this.#totalMs }
    return ObservedModelCall.start(this.#observers, receipt, started, this.#warnOfObserver)
  }

  counts(): { calls: number; succeeded: number; failed: number; aborted: number; inFlight: number } {
    const { calls, succeeded, failed, aborted } = this.#counts
    return { calls, succeeded, failed, aborted, inFlight: calls - succeeded - failed - aborted }
  }

  /** Returns the index of a target in the list of models. */
  placeOf(name: string): number {
    return this.targets.findIndex((target) => target.name === name)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    this.chain.close()
  }

  #ordered({ first, unable }: Call): readonly Target<Model>[] {
    const { order } = this.#options
    const ordered = order ? this.#own(order(this.targets, this.chain.health)) : this.targets
    if (ordered.length === 0) throw new TypeError('order must return a list of at least one target.')
    const lead = ordered.find(
      (target) => target.name === first && isAvailable(target) && unable?.has(target) !== true,
    )
    return lead ? [lead, ...ordered.filter((target) => target !== lead)] : ordered
  }

  /** Returns the targets that an order has returned. Anything else in its list is left out. */
  #own(ordered: unknown): readonly Target<Model>[] {
    const list: readonly (ModelTarget | undefined)[] = Array.isArray(ordered) ? ordered : []
    return list.flatMap((each) => this.targets.filter((target) => target.name === each?.name))
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

function noteSkipped(receipt: OpenReceipt, attempts: readonly TargetAttempt[]): void {
  for (const each of attempts) if (each.outcome === 'skipped') receipt.skip(each.target, each.reason)
}

function mayMoveOn(failure: Failure): boolean {
  const { nextTarget } = VERDICTS[situationOf(failure)]
  return nextTarget === 'yes' || nextTarget === 'other-credential' || nextTarget === 'other-quota-group'
}

const isDeadline = (error: unknown): boolean => TimeoutError.is(error) && error.scope === 'deadline'
