import { systemClock, type Clock } from './clock.ts'
import type { Backoff } from './delay/backoff.ts'
import type { Jitter } from './delay/jitter.ts'
import type { GiveUpEvent, RetryEvent } from './events.ts'
import type { Failure } from './failure/failure.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Attempt, Limits } from './run/attempt.ts'
import type { Timer } from './run/timer.ts'
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

/**
 * A result of `shouldRetry` that also sets the delay: `{ retry: true, delayMs: 500 }`. Without `delayMs` it means the same as the boolean `retry`.
 */
export interface RetryDecision {
  /** Whether to make another attempt, as long as `maxAttempts`, the deadline and the budget allow it. `false` ends the run with the error. */
  retry: boolean
  /**
   * The delay before the next attempt, in milliseconds, at least 0; the run rejects with a TypeError otherwise. Replaces the backoff and the server's
   * Retry-After, `maxRetryAfterMs` included. @default Retry-After, or the backoff
   */
  delayMs?: number | undefined
}

/** Options of `retry` and `createRetry`. `Result` is the type of the results that are passed to `shouldRetryResult`. */
export interface RetryOptions<Result = unknown> {
  /**
   * The maximum number of attempts, including the first one: a whole number of at least 1, or `Infinity`. With `Infinity`, set a deadline or a signal
   * to end the run. @default 3
   */
  maxAttempts?: number | undefined
  /** The delay before the second attempt, in milliseconds, before jitter. At least 0. Ignored if `backoff` is set. @default 1_000 */
  baseDelayMs?: number | undefined
  /**
   * The longest delay of the backoff, in milliseconds, before jitter. Does not shorten a Retry-After: see `maxRetryAfterMs`. Ignored if `backoff` is
   * set. @default 60_000
   */
  maxDelayMs?: number | undefined
  /**
   * How many times as long each delay is as the one before, at least 1: 2 means 1, 2, 4, 8 s. Ignored if `backoff` is set. @default 2, or 3 with
   * decorrelated jitter
   */
  factor?: number | undefined
  /**
   * How delays are randomised. `'full'` (or `true`): between 0 and the delay. `'equal'`: between half of the delay and the delay. `'decorrelated'`:
   * between `baseDelayMs` and `factor` times the previous delay. `'none'` (or `false`): not at all, so clients that failed at the same time retry at
   * the same time. @default true
   */
  jitter?: boolean | Jitter | undefined
  /**
   * Computes the delays, in milliseconds: one of `backoff.*`, or a function of your own. Replaces `baseDelayMs`, `maxDelayMs`, `factor` and `jitter`.
   * @default exponential: 1, 2, 4 s … with full jitter
   */
  backoff?: Backoff | undefined
  /**
   * How long one attempt may take, in milliseconds, at least 1. After that, the attempt fails with a TimeoutError, which is retried like any other
   * failure, and its signal aborts. @default none
   */
  attemptTimeoutMs?: number | undefined
  /**
   * How long the whole run may take, in milliseconds, at least 0, including all attempts and delays. If a delay would end after the deadline, the run
   * ends at once with the last error. If an attempt is running at the deadline, it fails with a TimeoutError. @default none
   */
  deadlineMs?: number | undefined
  /**
   * The longest Retry-After for which a run waits, in milliseconds, at least 0. If the server asks for more, the run ends with the error of the last
   * attempt. @default 60_000
   */
  maxRetryAfterMs?: number | undefined
  /**
   * Decides after an error whether to try again, instead of `failure.retryable`; it may be asynchronous. Not called if no attempt or time is left, or
   * after a StopRetrying. If it throws, the run ends with that error. @default failure.retryable
   */
  shouldRetry?:
    | ((failure: Failure, attempt: Attempt) => boolean | RetryDecision | Promise<boolean | RetryDecision>)
    | undefined
  /**
   * Returns `true` to discard a result and try again; it may be asynchronous. If the run gives up, it throws no error, but returns the result of the
   * last attempt. @default every result is accepted
   */
  shouldRetryResult?: ((value: Result, attempt: Attempt) => boolean | PromiseLike<boolean>) | undefined
  /** A budget that limits the retries of all calls that share it. If it is empty, a run ends with its last error instead of a retry. @default none */
  budget?: RetryBudget | undefined
  /** Aborts all runs with these options: each run rejects at once with the reason of the signal. @default none */
  signal?: AbortSignal | undefined
  /**
   * Classifies errors, and results for which `shouldRetryResult` returned `true`. Replaces the built-in function. @default the function `classify` of
   * this package
   */
  classify?: ((error: unknown) => Failure) | undefined
  /** The source of time for deadlines, and for delays if it has a `sleep`. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
  /** Returns a number from 0 up to, but not including, 1, for the jitter. @default Math.random */
  random?: (() => number) | undefined
  /**
   * Called after a failed attempt, before the delay that precedes the next one; a promise it returns is not awaited. If it throws, a warning is
   * emitted and nothing else changes. @default none
   */
  onRetry?: ((event: RetryEvent) => void) | undefined
  /**
   * Called once when a run ends with an error, or with a result for which `shouldRetryResult` returned `true`; not after a success. If the function
   * throws, a warning is emitted and nothing else changes. @default none
   */
  onGiveUp?: ((event: GiveUpEvent) => void) | undefined
}

/** Options of a single run, in addition to those of its policy. All are optional. */
export interface RunOptions {
  /** Aborts this run, which then rejects at once with the reason of the signal. The signal of the policy aborts it too. @default none */
  signal?: AbortSignal | undefined
  /**
   * How long this run may take, in milliseconds. Replaces the `deadlineMs` of the policy. If it is 0 or negative, no attempt is made, and the run
   * rejects with a TimeoutError. If it can change while the run is under way, pass a function that returns it, which is called before each attempt
   * and each delay; end an attempt under way by your `signal` then. @default the `deadlineMs` of the policy
   */
  deadlineMs?: number | (() => number) | undefined
  /**
   * The start of the run, in milliseconds since 1970, by the clock of the policy. Set it if the first attempt began before `run()`
   * was called: `elapsedMs` and `deadlineMs` are counted from this time. @default now
   */
  startedAt?: number | undefined
}

/**
 * The checked options of a policy. `options` holds all of them. The other fields hold those that every run reads, and the limits
 * derived from them.
 */
export interface Policy extends Readonly<Pick<RetryOptions, 'budget' | 'shouldRetryResult'>> {
  readonly options: Readonly<RetryOptions>
  readonly clock: Clock
  readonly limits: Limits | undefined
}

/**
 * Checks the options, and creates the policy.
 *
 * @param makeTimer creates a timer for `attemptTimeoutMs` that all attempts of the policy share. If it is undefined, each attempt has
 * a timer of its own
 * @throws TypeError for an option that does not exist or has a wrong value
 */
export function policyOf(options: RetryOptions, makeTimer?: (ms: number, clock: Clock) => Timer): Policy {
  validate(options, CHECKS)
  const { clock = systemClock, budget, shouldRetryResult } = options
  const { signal, attemptTimeoutMs = Infinity, deadlineMs } = options
  const timer = attemptTimeoutMs < Infinity ? makeTimer?.(attemptTimeoutMs, clock) : undefined
  const limits = limitsOf(signal, attemptTimeoutMs, deadlineMs, timer)
  return { options: { ...options }, clock, budget, shouldRetryResult, limits }
}

/** Returns the signal and the time limits of a run; `undefined` if it has none. */
export function limitsOf(
  signal: AbortSignal | undefined,
  attemptTimeoutMs = Infinity,
  deadlineMs: number | (() => number) = Infinity,
  timer: Timer | undefined,
): Limits | undefined {
  if (!signal && attemptTimeoutMs === Infinity && deadlineMs === Infinity) return undefined
  const moves = typeof deadlineMs === 'function'
  return { signal, attemptTimeoutMs, deadlineMs: moves ? deadlineMs : () => deadlineMs, moves, timer }
}

/**
 * Checks the options of a single run.
 *
 * @throws TypeError for an option that does not exist or has a wrong value
 */
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
  deadlineMs: (value) => typeof value === 'function' || atLeast(-Infinity, ' of milliseconds')(value),
  startedAt: (value) => Number.isFinite(value) || 'a time of the clock, in milliseconds',
} satisfies Record<keyof RunOptions, Check>)
