import type { ConcurrencyLease, Lease, RateLimiter } from '../limits/contracts.ts'
import { Attempt, type AttemptHost, type BulkContext } from './attempt.ts'
import type { BulkOptions } from './bulk-options.ts'
import { isOverload, neverSent, reportOf, type CallReport } from './call-report.ts'
import type { Task } from './task.ts'
import { retryUntilStopped } from './until-stopped.ts'

/** The user's function: one call for one item. */
export type RunItem<Item, Result> = (item: Item, context: BulkContext) => Result | PromiseLike<Result>

/**
 * How the result of one item is come by: attempts as `retry` makes them, each with its own leave of the limits, which learn
 * what it came to. Decided once: where nothing retries and nothing limits, it is the function itself.
 */
export function itemCall<Item, Result>(
  run: RunItem<Item, Result>,
  options: BulkOptions<Item>,
  host: AttemptHost,
): (task: Task<Item>) => Result | PromiseLike<Result> {
  const { limiter, concurrency, cost, retry } = options
  const limit = typeof concurrency === 'object' ? concurrency : undefined
  const { signals, tally } = host
  const attempt = limiter || limit ? limitedAttempt : plainAttempt
  if (!retry) return attempt
  return (task) => {
    const operation = async (): Promise<Result> => await attempt(task)
    return retryUntilStopped(retry, operation, host)
  }

  /** Its runner closes it: seeing its end here would cost one more promise. */
  function plainAttempt(task: Task<Item>): Result | PromiseLike<Result> {
    task.attempt?.close()
    task.attempt = nextAttempt(task)
    return run(task.item, task.attempt)
  }

  async function limitedAttempt(task: Task<Item>): Promise<Result> {
    const leave = await acquire(task.item)
    const context = nextAttempt(task)
    try {
      const value = await run(task.item, context)
      leave.settle(context.reported ?? {})
      return value
    } catch (error) {
      if (!context.reported && neverSent(error)) leave.cancel()
      else leave.settle(reportOf(error, context.reported))
      throw error
    } finally {
      context.close()
    }
  }

  function nextAttempt(task: Task<Item>): Attempt {
    if (task.begun > 0) tally.retried++
    task.attempts++
    return new Attempt(task, ++task.begun, host)
  }

  /**
   * The rate first: a place that is held while waiting for the rate would look to the concurrency limit as if all of them
   * were needed.
   */
  async function acquire(item: Item): Promise<{ settle(report: CallReport): void; cancel(): void }> {
    let lease: Lease | undefined
    let place: ConcurrencyLease | undefined
    const cancel = (): void => {
      lease?.cancel()
      place?.cancel()
    }
    try {
      lease = limiter && (await rate(limiter, cost?.(item) ?? { input: 0, output: 0 }))
      place = await limit?.acquire(signals.stopping)
      signals.stopping.throwIfAborted()
    } catch (error) {
      cancel()
      throw error
    }
    return {
      settle: (report) => {
        lease?.settle(report)
        place?.settle({ overloaded: isOverload(report) })
      },
      cancel,
    }
  }

  async function rate(from: RateLimiter, size: { input: number; output: number }): Promise<Lease> {
    tally.waitingForRate++
    try {
      return await from.acquire(size, { signal: signals.stopping })
    } finally {
      tally.waitingForRate--
    }
  }
}
