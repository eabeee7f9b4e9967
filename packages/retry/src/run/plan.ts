import { describeValue } from '@harbor/parts'
import { backoffOf } from '../delay/backoff.ts'
import { capRetryAfter } from '../delay/retry-after.ts'
import type { GiveUpEvent, RetryEvent } from '../events.ts'
import type { Failure } from '../failure/failure.ts'
import type { RetryDecision, RetryOptions } from '../options.ts'
import type { Attempt, Limits } from './attempt.ts'
import { interruptible } from './interruptible.ts'

/** A delay, with another attempt after it. */
export type NextAttempt = Pick<RetryEvent, 'delayMs' | 'reason'>

/** What follows a failed attempt: another one after a delay, or the reason to give up. Changes nothing. */
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
    !limits || attempt.elapsedMs + delayMs + MIN_ATTEMPT_MS <= limits.deadlineMs

  if (!isTimeFor(0)) return 'deadline'
  if (attempt.number >= maxAttempts) return 'attempts'
  // A rejected result is tried again: `shouldRetryResult` has decided.
  let decision: boolean | RetryDecision = !thrown || failure.retryable
  if (thrown && shouldRetry) {
    decision = await interruptible(async () => shouldRetry(failure, attempt), { signal: limits?.signal })
  }
  if (typeof decision !== 'object') decision = { retry: decision }
  if (!decision.retry) return 'not-retryable'
  const next = chooseDelay(options, attempt, failure, decision.delayMs, previousDelayMs)
  if (!next) return 'retry-after'
  return isTimeFor(next.delayMs) ? next : 'deadline'
}

/** With less time left no attempt is started. A timer may also fire this much too early. */
const MIN_ATTEMPT_MS = 1

/** The delay and where it comes from; `undefined` if the server asks for a longer one than the options allow. */
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

/** Checks a delay that a function of the caller's returned: with NaN, the loop would retry without any delay. */
function checkedDelay(delayMs: number): number {
  if (typeof delayMs === 'number' && delayMs >= 0) return delayMs
  throw new TypeError(`a delay must be a number of milliseconds of at least 0, got ${describeValue(delayMs)}`)
}
