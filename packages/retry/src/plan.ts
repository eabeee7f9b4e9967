import { describeValue } from '@harbor/parts'
import type { Attempt, Limits } from './attempt.ts'
import { backoffOf } from './backoff.ts'
import type { GiveUpEvent, RetryEvent } from './events.ts'
import type { Failure } from './failure.ts'
import { interruptible } from './interruptible.ts'
import type { RetryDecision, RetryOptions } from './options.ts'

/** A wait, and another attempt after it. */
export type Wait = Pick<RetryEvent, 'delayMs' | 'reason'>

/** What follows a failed attempt: a wait, or else the reason to give up. Changes nothing. */
export async function planNext(
  options: RetryOptions,
  limits: Limits | undefined,
  attempt: Attempt,
  failure: Failure,
  thrown: boolean,
  previousDelayMs: number,
): Promise<Wait | GiveUpEvent['reason']> {
  const { maxAttempts = 3, shouldRetry } = options
  const isTimeFor = (delayMs: number): boolean =>
    !limits || attempt.elapsedMs + delayMs + LEAST_ATTEMPT_MS <= limits.deadlineMs

  if (!isTimeFor(0)) return 'deadline'
  if (attempt.number >= maxAttempts) return 'attempts'
  // A result that was refused is tried again: `shouldRetryResult` has decided.
  let decision: boolean | RetryDecision = !thrown || failure.retryable
  if (thrown && shouldRetry) {
    decision = await interruptible(async () => shouldRetry(failure, attempt), { signal: limits?.signal })
  }
  if (typeof decision !== 'object') decision = { retry: decision }
  if (!decision.retry) return 'not-retryable'
  const wait = chooseWait(options, attempt, failure, decision.delayMs, previousDelayMs)
  if (!wait) return 'retry-after'
  return isTimeFor(wait.delayMs) ? wait : 'deadline'
}

/** With less time than this an attempt is not begun; timers may fire early by as much. */
const LEAST_ATTEMPT_MS = 1

/** A server's delay is stretched by up to a tenth, by up to a second: never shorter than asked, and not all at once. */
const STRETCH = 0.1
const LONGEST_STRETCH_MS = 1_000

/** How long to wait, and who says so; `undefined` if the server asks for too much. */
function chooseWait(
  options: RetryOptions,
  attempt: Attempt,
  { retryAfterMs }: Failure,
  decidedMs: number | undefined,
  previousDelayMs: number,
): Wait | undefined {
  const { backoff = backoffOf(options), random = Math.random, jitter, maxRetryAfterMs = 60_000 } = options
  if (decidedMs !== undefined) return { delayMs: usable(decidedMs), reason: 'decision' }
  if (retryAfterMs === undefined) {
    return { delayMs: usable(backoff(attempt.number, previousDelayMs, random)), reason: 'backoff' }
  }
  if (retryAfterMs > maxRetryAfterMs) return undefined
  const stretchMs =
    jitter === false || jitter === 'none' ? 0 : Math.min(retryAfterMs * STRETCH, LONGEST_STRETCH_MS)
  return { delayMs: retryAfterMs + stretchMs * random(), reason: 'retry-after' }
}

/** What a caller's function chose: a NaN in a timer would be no wait at all, again and again. */
function usable(delayMs: number): number {
  if (typeof delayMs === 'number' && delayMs >= 0) return delayMs
  throw new TypeError(`a delay must be a number of milliseconds of at least 0, got ${describeValue(delayMs)}`)
}
