import type { Attempt, Limits } from './attempt.ts'
import type { GiveUpEvent, RetryEvent } from './events.ts'
import type { Failure } from './failure.ts'
import { interruptible } from './interruptible.ts'
import type { RetryDecision, Settings } from './options.ts'
import type { Outcome } from './outcome.ts'

/** A wait, and another attempt after it. */
export interface Wait {
  readonly delayMs: number
  readonly reason: RetryEvent['reason']
}

/** What follows a failed attempt. */
export type Plan = { readonly failure: Failure } & (
  | { readonly wait: Wait; readonly giveBack?: (() => void) | undefined }
  | { readonly wait?: undefined; readonly reason: GiveUpEvent['reason'] }
)

/** Decides what follows. Changes nothing but the budget, and asks that last: a run that ends anyway takes nothing. */
export async function planNext(
  settings: Settings,
  limits: Limits | undefined,
  attempt: Attempt,
  outcome: Outcome,
  previousDelayMs: number,
): Promise<Plan> {
  const failure = settings.classify(outcome.value)
  const timeFor = (delayMs: number): boolean =>
    !limits || attempt.elapsedMs + delayMs + LEAST_ATTEMPT_MS <= limits.deadlineMs

  if (!timeFor(0)) return { failure, reason: 'deadline' }
  if (attempt.number >= settings.maxAttempts) return { failure, reason: 'attempts' }
  const decision = outcome.thrown ? await decide(settings, limits, failure, attempt) : { retry: true }
  if (!decision.retry) return { failure, reason: 'not-retryable' }
  const wait = chooseWait(settings, failure, attempt, decision, previousDelayMs)
  if (!wait) return { failure, reason: 'retry-after' }
  if (!timeFor(wait.delayMs)) return { failure, reason: 'deadline' }
  if (!settings.budget) return { failure, wait }
  const giveBack = settings.budget.withdraw()
  return giveBack ? { failure, wait, giveBack } : { failure, reason: 'budget' }
}

/** With less time than this an attempt is not begun; timers may fire early by as much. */
const LEAST_ATTEMPT_MS = 1

async function decide(
  { shouldRetry }: Settings,
  limits: Limits | undefined,
  failure: Failure,
  attempt: Attempt,
): Promise<RetryDecision> {
  if (!shouldRetry) return { retry: failure.retryable }
  const decision = await interruptible(() => shouldRetry(failure, attempt), { signal: limits?.signal })
  return typeof decision === 'object' ? decision : { retry: decision }
}

/** A server's delay is stretched by up to a tenth, by up to a second: never shorter than asked, and not all at once. */
const STRETCH = 0.1
const LONGEST_STRETCH_MS = 1_000

/** How long to wait, and who says so; `undefined` if the server asks for too much. */
function chooseWait(
  { backoff, random, jitter, maxRetryAfterMs }: Settings,
  { retryAfterMs }: Failure,
  attempt: Attempt,
  decision: RetryDecision,
  previousDelayMs: number,
): Wait | undefined {
  if (decision.delayMs !== undefined) return { delayMs: usable(decision.delayMs), reason: 'decision' }
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
  throw new TypeError(`a delay must be a number of milliseconds of at least 0, got ${String(delayMs)}`)
}
