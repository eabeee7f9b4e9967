import type { Attempt, Limits } from './attempt.ts'
import type { Backoff } from './backoff.ts'
import { systemClock, type Clock } from './clock.ts'
import type { GiveUpEvent, RetryEvent } from './events.ts'
import type { Failure } from './failure.ts'
import type { Jitter } from './jitter.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Timer } from './timer.ts'
import {
  aClock,
  aFunction,
  aSignal,
  atLeast,
  checksOf,
  duration,
  having,
  oneOf,
  validate,
  wholeNumber,
  type Check,
} from './validate.ts'

/** What `shouldRetry` may answer instead of yes or no. */
export interface RetryDecision {
  retry: boolean
  /** Waits exactly so many milliseconds, whatever the backoff or the server say. */
  delayMs?: number | undefined
}

/** `Result` is what the operation resolves to; `shouldRetryResult` is given it. */
export interface RetryOptions<Result = unknown> {
  /** How many attempts are made at most, the first one included. `Infinity` needs a deadline or a signal to end. @default 3 */
  maxAttempts?: number | undefined
  /** The first delay, in milliseconds, before jitter. @default 1_000 */
  baseDelayMs?: number | undefined
  /** No delay that the backoff chooses is longer, in milliseconds. @default 60_000 */
  maxDelayMs?: number | undefined
  /** How many times longer each delay is than the one before. @default 2, and 3 with decorrelated jitter */
  factor?: number | undefined
  /** How chance spreads the delays; `true` is `'full'`. Without it, clients that failed together come back together. @default true */
  jitter?: boolean | Jitter | undefined
  /** Replaces the four above. */
  backoff?: Backoff | undefined
  /** How long one attempt may take, in milliseconds. Then its signal aborts and it fails with a TimeoutError. @default none */
  attemptTimeoutMs?: number | undefined
  /**
   * How long the whole run may take, in milliseconds, attempts and waits together. A wait that would not end before is not
   * begun: the run ends at once, with the last error. An attempt still running then fails with a TimeoutError. @default none
   */
  deadlineMs?: number | undefined
  /** A server that asks to be left alone for longer than this, in milliseconds, ends the run with its error. @default 60_000 */
  maxRetryAfterMs?: number | undefined
  /** Whether to try again after an error; replaces `failure.retryable`. If it throws, its error ends the run. */
  shouldRetry?:
    | ((failure: Failure, attempt: Attempt) => boolean | RetryDecision | Promise<boolean | RetryDecision>)
    | undefined
  /** Whether to refuse a result and try again. If attempts run out, the last result is returned all the same. */
  shouldRetryResult?: ((value: Result, attempt: Attempt) => boolean) | undefined
  /** Limits the retries of all calls that share it. @default none */
  budget?: RetryBudget | undefined
  /** Its abort ends the run at once with its reason. */
  signal?: AbortSignal | undefined
  /** Replaces the built-in classifier. It is also given the results that `shouldRetryResult` refused. */
  classify?: ((error: unknown) => Failure) | undefined
  /** Where time comes from. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
  /** A number from 0 up to, but not including, 1. @default Math.random */
  random?: (() => number) | undefined
  /** Told before each wait. If it throws, a warning is emitted and nothing else changes. */
  onRetry?: ((event: RetryEvent) => void) | undefined
  /** Told when the run ends without an accepted result. If it throws, a warning is emitted and nothing else changes. */
  onGiveUp?: ((event: GiveUpEvent) => void) | undefined
}

/** What one run may add to its policy. */
export interface RunOptions {
  /** Its abort ends the run at once with its reason; so does that of the policy's own signal. */
  signal?: AbortSignal | undefined
  /** Replaces the policy's own, in milliseconds. With nothing left, not even the first attempt is made. */
  deadlineMs?: number | undefined
  /**
   * When the run began, on the policy's clock, if its first attempt is already under way: `elapsedMs` and `deadlineMs` count from
   * then. @default now
   */
  startedAt?: number | undefined
}

/** How to retry, decided once: what every call needs, and the options for when one fails. */
export interface Policy extends Readonly<Pick<RetryOptions, 'budget' | 'shouldRetryResult'>> {
  readonly options: Readonly<RetryOptions>
  readonly clock: Clock
  readonly limits: Limits | undefined
}

/**
 * @param makeTimer makes one for all attempts of all runs
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function policyOf(options: RetryOptions, makeTimer?: (ms: number, clock: Clock) => Timer): Policy {
  validate(options, CHECKS)
  const { clock = systemClock, budget, shouldRetryResult } = options
  const { signal, attemptTimeoutMs = Infinity, deadlineMs } = options
  const timer = attemptTimeoutMs < Infinity ? makeTimer?.(attemptTimeoutMs, clock) : undefined
  const limits = limitsOf(signal, attemptTimeoutMs, deadlineMs, timer)
  return { options: { ...options }, clock, budget, shouldRetryResult, limits }
}

/** What may end a run of such a policy from outside. */
export function limitsOf(
  signal: AbortSignal | undefined,
  attemptTimeoutMs = Infinity,
  deadlineMs = Infinity,
  timer: Timer | undefined,
): Limits | undefined {
  const limited = signal ?? Math.min(attemptTimeoutMs, deadlineMs) < Infinity
  return limited ? { signal, attemptTimeoutMs, deadlineMs, timer } : undefined
}

/** @throws TypeError for an option that does not exist or makes no sense */
export function checkRunOptions(options: RunOptions): void {
  validate(options, RUN_CHECKS)
}

const CHECKS = /* @__PURE__ */ checksOf({
  maxAttempts: wholeNumber,
  baseDelayMs: duration,
  maxDelayMs: duration,
  factor: /* @__PURE__ */ atLeast(1),
  jitter: /* @__PURE__ */ oneOf(true, false, 'full', 'equal', 'decorrelated', 'none'),
  backoff: aFunction,
  attemptTimeoutMs: /* @__PURE__ */ atLeast(1, ' of milliseconds'),
  deadlineMs: duration,
  maxRetryAfterMs: duration,
  shouldRetry: aFunction,
  shouldRetryResult: aFunction,
  budget: /* @__PURE__ */ having('a retry budget', 'deposit', 'withdraw'),
  signal: aSignal,
  classify: aFunction,
  clock: aClock,
  random: aFunction,
  onRetry: aFunction,
  onGiveUp: aFunction,
} satisfies Record<keyof RetryOptions, Check>)

const RUN_CHECKS = /* @__PURE__ */ checksOf({
  signal: aSignal,
  deadlineMs: /* @__PURE__ */ atLeast(-Infinity, ' of milliseconds'),
  startedAt: (value) => Number.isFinite(value) || 'a time of the clock, in milliseconds',
} satisfies Record<keyof RunOptions, Check>)
