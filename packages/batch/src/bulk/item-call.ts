import type { ConcurrencyLease, Lease, RateLimiter } from '../limits/contracts.ts'
import { Attempt, type AttemptHost, type BulkContext } from './attempt.ts'
import type { BulkOptions } from './bulk-options.ts'
import { isOverload, neverSent, reportOf, type CallReport } from './call-report.ts'
import type { Task } from './task.ts'

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
    const operation = async (): Promise<Result> => {
      // A loop that is deaf to its signal must not call for a run that is over.
      signals.whole.throwIfAborted()
      if (task.attempts > 0) tally.retried++
      return await attempt(task)
    }
    return retry(operation, { signal: signals.whole })
  }

  /** Its runner closes it: seeing its end here would cost one more promise. */
  function plainAttempt(task: Task<Item>): Result | PromiseLike<Result> {
    task.attempt?.close()
    task.attempt = new Attempt(task, ++task.attempts, host)
    return run(task.item, task.attempt)
  }

  async function limitedAttempt(task: Task<Item>): Promise<Result> {
    const number = ++task.attempts
    const leave = await acquire(task.item)
    const context = new Attempt(task, number, host)
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
      place = await limit?.acquire(signals.whole)
      signals.whole.throwIfAborted()
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
      return await from.acquire(size, { signal: signals.whole })
    } finally {
      tally.waitingForRate--
    }
  }
}
