import type { Operation } from './attempt.ts'
import { linkSignals } from './link-signals.ts'
import { checkRunOptions, limitsOf, policyOf } from './options.ts'
import type { Policy, RetryOptions, RunOptions } from './options.ts'
import { rejection } from './rejection.ts'
import { run } from './run.ts'
import { SharedTimer } from './shared-timer.ts'

/** How to retry, decided once and used for many operations. */
export interface RetryPolicy<Result = unknown> {
  /**
   * Attempts an operation until it succeeds.
   *
   * @returns what the operation resolves to; if attempts run out, the last result that `shouldRetryResult` refused
   * @throws the last error as it came; the signal's reason after an abort; a TimeoutError if an attempt took too long; the
   * cause of a StopRetrying that the operation threw
   */
  run<T extends Result>(operation: Operation<T>, options?: RunOptions): Promise<T>
}

/**
 * Attempts an operation until it succeeds or there is a reason to stop: no attempts left, a failure that will not go away,
 * no time, a server that wants to be left alone for long, an abort.
 *
 * ```ts
 * const answer = await retry(({ signal }) => fetch(url, { signal }), {
 *   shouldRetryResult: (response) => response.status >= 500,
 * })
 * ```
 *
 * @returns what the operation resolves to; if attempts run out, the last result that `shouldRetryResult` refused
 * @throws the last error as it came; the signal's reason after an abort; a TimeoutError if an attempt took too long
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
 * Decides once how to retry. A policy keeps nothing between runs: many may go on at the same time.
 * The type that `shouldRetryResult` takes is the one that its operations must resolve to.
 *
 * @throws TypeError for an option that does not exist or makes no sense, naming it
 */
export function createRetry<Result = unknown>(options: RetryOptions<Result> = {}): RetryPolicy<Result> {
  const policy = policyOf(options as RetryOptions, (ms, clock) => new SharedTimer(ms, clock))
  return {
    run(operation, own) {
      try {
        return begin(policy, operation, own)
      } catch (error) {
        return rejection(error)
      }
    },
  }
}

/** A policy never changes, so the one without options serves every call. */
const BY_DEFAULT = /* @__PURE__ */ policyOf({})

function begin<T>(policy: Policy, operation: Operation<T>, own?: RunOptions): Promise<T> {
  if (!own) return run(policy, operation, policy.limits)
  checkRunOptions(own)
  const { signal, attemptTimeoutMs, deadlineMs } = policy.options
  const link = own.signal && signal && linkSignals(own.signal, signal)
  const limits = limitsOf(
    link?.signal ?? own.signal ?? signal,
    attemptTimeoutMs,
    own.deadlineMs ?? deadlineMs,
    policy.limits?.timer,
  )
  const running = run(policy, operation, limits, own.startedAt)
  return link ? running.finally(link.unlink) : running
}
