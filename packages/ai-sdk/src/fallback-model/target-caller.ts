import type { FallbackContext } from '@harbor/fallback'
import {
  backoff,
  createRetry,
  StopRetrying,
  TimeoutError,
  type Backoff,
  type FailureKind,
  type RetryOptions,
  type RetryPolicy,
} from '@harbor/retry'
import type { ModelAttempt } from '../receipts/receipt.ts'
import { failureOfModel } from './model-failure.ts'
import { LiveAttempt } from './live-attempt.ts'
import { mayRetryHere, type CallState } from './next-step.ts'
import type { CommonOptions } from './options.ts'
import type { Target } from './targets.ts'

/** The maximum wait before the second attempt at a target while another one can take over, in milliseconds. */
const MAX_SHORT_WAIT_MS = 100

/** The request of one call to one target. */
export interface TargetRequest<T> {
  /** What was removed from the prompt, or replaced, for this target. */
  readonly adaptations?: readonly string[]
  /**
   * Sends the request. For a stream, resolves with the first content. It may be called again for another attempt.
   * @param headers headers to add to the request
   */
  send(attempt: LiveAttempt, headers?: Readonly<Record<string, string>>): Promise<T>
  /** Called when this request was answered. */
  answered?(): void
  /** Returns the request to send once more if the target refuses this one as invalid; `undefined` if there is none. */
  afterRefusal?(): TargetRequest<T> | undefined
}

/** Returns the options of a request with the headers of the observers added to its own. */
export function withHeaders<Options extends { readonly headers?: RequestHeaders | undefined }>(
  options: Options,
  headers: RequestHeaders | undefined,
): Options {
  return headers ? { ...options, headers: { ...options.headers, ...headers } } : options
}

type RequestHeaders = Readonly<Record<string, string | undefined>>

/** The answer of a target. The caller settles the attempt. */
export interface TargetAnswer<Model, T> {
  readonly value: T
  readonly target: Target<Model>
  readonly attempt: LiveAttempt
  /** The attempt again: the chain cancels what has a body when another target has answered in the same turn. */
  readonly body: LiveAttempt
}

/** Sends a call to one target, again if the table of verdicts and the options allow it. */
export class TargetCaller<Model> {
  readonly #attemptMs: number | undefined
  /** Waits as long as the failure requires. */
  readonly #patient: RetryPolicy
  /** Waits for a short time, because another target can take over. */
  readonly #hasty: RetryPolicy

  /** @param attemptMs the maximum time of one attempt, in milliseconds; `undefined`: a part of the time that is left for the call */
  constructor({ retry }: CommonOptions, attemptMs: number | undefined) {
    this.#attemptMs = attemptMs
    const own = retry === false ? { maxAttempts: 1 } : (retry ?? {})
    const settings = { ...own, classify: failureOfModel }
    this.#patient = createRetry({ shouldRetry: soonAtFirst(own), ...settings })
    this.#hasty = createRetry({ shouldRetry: () => true, ...settings, backoff: shortWaits(own) })
  }

  /**
   * @param isLastChance whether the request is sent although the circuit of the target refuses it, and only once
   * @throws what `context.skip` throws, if nothing is sent; the error of the target
   */
  async call<T>(
    target: Target<Model>,
    context: FallbackContext,
    state: CallState,
    requestFor: (target: Target<Model>) => TargetRequest<T>,
    isLastChance = false,
  ): Promise<TargetAnswer<Model, T>> {
    const { receipt, maxUpstreamCalls } = state
    state.tried.add(target)
    const unable = state.unable.get(target)
    if (unable !== undefined) context.skip(unable)
    if (receipt.upstreamCalls >= maxUpstreamCalls) context.skip('maxUpstreamCalls was reached')
    const refusal = isLastChance ? undefined : target.refusal()
    if (refusal !== undefined) context.skip(refusal)
    let request = requestFor(target)
    let record: ModelAttempt | undefined
    const policy = state.others() > 0 ? this.#hasty : this.#patient
    return await policy.run(
      async ({ number, signal, previousError }) => {
        for (let refused: unknown, sent = number; ; sent++) {
          const permit = isLastChance ? target.lastChance() : target.acquire()
          // A circuit that opened after the attempt before ends the retries with the error of that attempt.
          if (permit === false) throw new StopRetrying(refused ?? previousError)
          receipt.observed?.waitedBefore(record, context.hedged)
          record = receipt.begin(target.name, reasonOf(sent, context, state), request.adaptations)
          const attempt = new LiveAttempt(target, permit, record, signal, state)
          const limitMs = this.#limitMs(state)
          if (limitMs !== undefined)
            attempt.limit(limitMs, () => new TimeoutError('attempt', Math.round(limitMs), number))
          try {
            const current = request
            const value = await attempt.send(async (headers) => current.send(attempt, headers))
            attempt.answered()
            request.answered?.()
            return { value, target, attempt, body: attempt }
          } catch (error) {
            if (signal.aborted || state.signal?.aborted) {
              attempt.release(signal.reason)
              throw error
            }
            const failure = attempt.fail(error)
            const other =
              failure.kind === 'bad-request' && receipt.upstreamCalls < maxUpstreamCalls
                ? request.afterRefusal?.()
                : undefined
            if (other === undefined)
              throw !isLastChance && mayRetryHere(state, target, failure) ? error : new StopRetrying(error)
            request = other
            refused = error
          }
        }
      },
      { signal: context.signal, deadlineMs: state.leftMs() },
    )
  }

  /** Returns the time limit of the next attempt, in milliseconds; `undefined` if the call reaches its own limit first. */
  #limitMs(state: CallState): number | undefined {
    const leftMs = state.leftMs()
    const limitMs = this.#attemptMs ?? (state.others() > 0 ? leftMs * 0.5 : leftMs)
    return limitMs < leftMs ? Math.max(1, limitMs) : undefined
  }
}

function reasonOf(
  sent: number,
  { hedged, attempt }: FallbackContext,
  { receipt }: CallState,
): 'retry' | 'hedge' | 'fallback' | 'first' {
  if (sent > 1) return 'retry'
  if (hedged) return 'hedge'
  return attempt > 1 || receipt.upstreamCalls > 0 ? 'fallback' : 'first'
}

/** The kinds of failures that mean that a target has too many requests. A request that follows at once would be one more. */
const BUSY: ReadonlySet<FailureKind> = new Set(['overloaded', 'rate-limit'])

/**
 * Returns the decision about retries while no other target can take over. Without `baseDelayMs` or `backoff`, the second attempt is made at
 * once, unless the target is busy: most failures of a single request are over at the next one.
 */
function soonAtFirst({ baseDelayMs, backoff: own }: RetryOptions): RetryOptions['shouldRetry'] {
  if (own !== undefined || baseDelayMs !== undefined) return () => true
  return ({ kind, status, retryAfterMs }, { number }) =>
    number > 1 || retryAfterMs !== undefined || BUSY.has(kind) || status === 503 ? true : AT_ONCE
}

const AT_ONCE = { retry: true, delayMs: 0 }

/**
 * Returns the backoff while another target can take over. Without `baseDelayMs` or `backoff`, the second attempt is made at once: if it
 * fails as well, the other target is called, so a wait would only delay the answer.
 */
function shortWaits({ baseDelayMs, maxDelayMs, factor, jitter, backoff: own }: RetryOptions): Backoff {
  const delays =
    own ??
    backoff.exponential({
      baseDelayMs: Math.min(baseDelayMs ?? MAX_SHORT_WAIT_MS, MAX_SHORT_WAIT_MS),
      maxDelayMs,
      factor,
      jitter: jitter === 'decorrelated' ? true : jitter,
    })
  const isOwn = own !== undefined || baseDelayMs !== undefined
  return (attempt, previousDelayMs, random) => {
    if (attempt > 1) return delays(attempt, previousDelayMs, random)
    return isOwn ? Math.min(delays(attempt, previousDelayMs, random), MAX_SHORT_WAIT_MS) : 0
  }
}
