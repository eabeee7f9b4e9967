import { describeValue } from '@harbor/parts'
import { backoffOf } from '../delay/backoff.ts'
import { capRetryAfter } from '../delay/retry-after.ts'
import type { GiveUpEvent, RetryEvent } from '../events.ts'
import type { Failure } from '../failure/failure.ts'
import type { RetryDecision, RetryOptions } from '../options.ts'
import { duration } from '../validate.ts'
import type { Attempt, Limits } from './attempt.ts'
import { unlessAborted } from './interruptible.ts'

/** The delay before the next attempt, and where the delay comes from. */
export type NextAttempt = Pick<RetryEvent, 'delayMs' | 'reason'>

/**
 * Decides what follows a failed attempt. Returns the delay before the next attempt, or the reason to end the run.
 *
 * @param thrown whether the attempt failed with an error; otherwise, `shouldRetryResult` rejected its result
 */
export async function planNext(
  options: RetryOptions,
  limits: Limits | undefined,
  attempt: Attempt,
  failure: Failure,
  thrown: boolean,
  previousDelayMs: number,
): Promise<NextAttempt | GiveUpEvent['reason']> {
  const { maxAttempts = 3, shouldRetry } = options
  const isTimeFor = (delayMs: number): boolean =>
    !limits || attempt.elapsedMs + delayMs + MIN_ATTEMPT_MS <= limits.deadlineMs()

  if (!isTimeFor(0)) return 'deadline'
  if (attempt.number >= maxAttempts) return 'attempts'
  // After a rejected result, `shouldRetryResult` has already decided to try again.
  let decision: boolean | RetryDecision = !thrown || failure.retryable
  if (thrown && shouldRetry) {
    decision = await unlessAborted(limits?.signal, () => shouldRetry(failure, attempt))
  }
  if (typeof decision !== 'object') decision = { retry: decision }
  if (!decision.retry) return 'not-retryable'
  const next = chooseDelay(options, attempt, failure, decision.delayMs, previousDelayMs)
  if (!next) return 'retry-after'
  return isTimeFor(next.delayMs) ? next : 'deadline'
}

/**
 * The minimum time before the deadline at which an attempt is started, in milliseconds. The margin also covers timers that fire
 * slightly early.
 */
const MIN_ATTEMPT_MS = 1

/** Returns the delay and where it comes from; `undefined` if the server asks for a longer delay than `maxRetryAfterMs`. */
function chooseDelay(
  options: RetryOptions,
  attempt: Attempt,
  { retryAfterMs }: Failure,
  decidedMs: number | undefined,
  previousDelayMs: number,
): NextAttempt | undefined {
  const { backoff = backoffOf(options), random = Math.random } = options
  if (decidedMs !== undefined) return { delayMs: checkedDelay(decidedMs), reason: 'decision' }
  if (retryAfterMs === undefined) {
    return { delayMs: checkedDelay(backoff(attempt.number, previousDelayMs, random)), reason: 'backoff' }
  }
  const delayMs = capRetryAfter(retryAfterMs, options, random)
  return delayMs === undefined ? undefined : { delayMs, reason: 'retry-after' }
}

/** Checks a delay that a function from the options returned. With NaN, for example, the run would retry without any delay. */
function checkedDelay(delayMs: number): number {
  const valid = duration(delayMs)
  if (valid === true) return delayMs
  throw new TypeError(`a delay must be ${valid}, got ${describeValue(delayMs)}`)
}
