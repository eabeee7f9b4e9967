import { rejection } from '@harbor/parts'
import { checkRunOptions, limitsOf, policyOf } from './options.ts'
import type { Policy, RetryOptions, RunOptions } from './options.ts'
import type { Operation } from './run/attempt.ts'
import { linkSignals } from './run/interruptible.ts'
import { run } from './run/run.ts'
import { SharedTimer } from './run/shared-timer.ts'

/** Retries any number of operations with the same options. */
export interface RetryPolicy<Result = unknown> {
  /**
   * Attempts an operation until it succeeds.
   *
   * @returns what the operation resolves to; if no attempt is left, the last result although `shouldRetryResult` rejected it
   * @throws the last error, unchanged; the signal's reason after an abort; a TimeoutError if an attempt took too long; the
   * cause of a StopRetrying that the operation threw
   */
  run<T extends Result>(operation: Operation<T>, options?: RunOptions): Promise<T>
}

/**
 * Attempts an operation until it succeeds or there is a reason to stop: no attempt left, a failure that is not retryable, no
 * time left, a Retry-After that is too long, an abort.
 *
 * ```ts
 * const answer = await retry(({ signal }) => fetch(url, { signal }), {
 *   shouldRetryResult: (response) => response.status >= 500,
 * })
 * ```
 *
 * @returns what the operation resolves to; if no attempt is left, the last result although `shouldRetryResult` rejected it
 * @throws the last error, unchanged; the signal's reason after an abort; a TimeoutError if an attempt took too long
 */
export function retry<T>(operation: Operation<T>, options?: RetryOptions<T>): Promise<T> {
  try {
    const policy = options ? policyOf(options as RetryOptions) : BY_DEFAULT
    return run(policy, operation, policy.limits)
  } catch (error) {
    return rejection(error)
  }
}

/**
 * Checks the options once, for any number of runs, which may overlap: a policy has no state, apart from its budget.
 * Operations must resolve to the type that `shouldRetryResult` takes.
 *
 * @throws TypeError, which names the option, for one that does not exist or has a wrong value
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

/** A policy never changes, so all calls without options share this one. */
const BY_DEFAULT = /* @__PURE__ */ policyOf({})

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
