import { rejection } from '@harbor/parts'
import { checkRunOptions, limitsOf, policyOf } from './options.ts'
import type { Policy, RetryOptions, RunOptions } from './options.ts'
import type { Operation } from './run/attempt.ts'
import { linkSignals } from './run/interruptible.ts'
import { run } from './run/run.ts'
import { SharedTimer } from './run/shared-timer.ts'

/** Retries any number of operations with the same options. Returned by `createRetry`. It holds no connection and need not be closed. */
export interface RetryPolicy<Result = unknown> {
  /**
   * Calls an operation until it succeeds or there is a reason to stop: no attempt is left, the failure is not retryable, no time is left, Retry-After
   * is too long, the retry budget is empty, the operation threw StopRetrying, or a signal aborts.
   *
   * @returns the result of the last attempt, even if `shouldRetryResult` returned `true` for it
   * @throws the last error, unchanged; the signal's reason after an abort; a TimeoutError if an attempt exceeded its timeout or the deadline; the
   * cause of a StopRetrying that the operation threw
   */
  run<T extends Result>(operation: Operation<T>, options?: RunOptions): Promise<T>
}

/**
 * Calls an operation until it succeeds or there is a reason to stop: no attempt is left, the failure is not retryable, no time is left, Retry-After
 * is too long, the retry budget is empty, the operation threw StopRetrying, or the signal aborts.
 *
 * ```ts
 * const answer = await retry(({ signal }) => fetch(url, { signal }), {
 *   shouldRetryResult: (response) => response.status >= 500,
 * })
 * ```
 *
 * @returns the result of the last attempt, even if `shouldRetryResult` returned `true` for it
 * @throws the last error, unchanged; the signal's reason after an abort; a TimeoutError if an attempt exceeded its timeout or the deadline; the cause
 * of a StopRetrying that the operation threw; a TypeError for a wrong option. Nothing is thrown synchronously: the promise rejects
 */
export function retry<T>(operation: Operation<T>, options?: RetryOptions<T>): Promise<T> {
  try {
    const policy = options ? policyOf(options as RetryOptions) : DEFAULT_POLICY
    return run(policy, operation, policy.limits)
  } catch (error) {
    return rejection(error)
  }
}

/**
 * Creates a policy, which retries any number of operations with the same options. The options are checked only once. Several runs may be
 * active at the same time; they affect each other only through the retry budget. All operations must resolve to the type that
 * `shouldRetryResult` takes.
 *
 * @throws TypeError for an option that does not exist or has a wrong value
 */
export function createRetry<Result = unknown>(options: RetryOptions<Result> = {}): RetryPolicy<Result> {
  const policy = policyOf(options as RetryOptions, (ms, clock) => new SharedTimer(ms, clock))
  return {
    run(operation, runOptions) {
      try {
        return start(policy, operation, runOptions)
      } catch (error) {
        return rejection(error)
      }
    },
  }
}

/** The policy of all calls of `retry` without options. They share it, since a policy never changes. */
const DEFAULT_POLICY = /* @__PURE__ */ policyOf({})

function start<T>(policy: Policy, operation: Operation<T>, runOptions?: RunOptions): Promise<T> {
  if (!runOptions) return run(policy, operation, policy.limits)
  checkRunOptions(runOptions)
  const { signal, attemptTimeoutMs, deadlineMs } = policy.options
  const link = runOptions.signal && signal && linkSignals(runOptions.signal, signal)
  const limits = limitsOf(
    link?.signal ?? runOptions.signal ?? signal,
    attemptTimeoutMs,
    runOptions.deadlineMs ?? deadlineMs,
    policy.limits?.timer,
  )
  const running = run(policy, operation, limits, runOptions.startedAt)
  return link ? running.finally(link.unlink) : running
}
