import type { ConcurrencyLease, Lease, RateLimiter } from '../limits/contracts.ts'
import { Attempt, type AttemptHost, type BulkContext } from './attempt.ts'
import type { BulkOptions } from './bulk-options.ts'
import { isOverload, neverSent, reportOf, type CallReport } from './call-report.ts'
import type { Task } from './task.ts'

/**
 * The function that you pass to `runBulk`: it makes one call for one item. What it returns or resolves to is the item's result; what it throws is the
 * item's error.
 */
export type RunItem<Item, Result> = (item: Item, context: BulkContext) => Result | PromiseLike<Result>

/**
 * Creates the function that processes one item. The option `retry` runs the attempts. Each attempt acquires a lease from the limiter and a slot of
 * the concurrency limit; both learn from its outcome. Which of these three options are set is checked here, once per run. If none is set, the created
 * function only calls the user's function.
 */
export function itemCall<Item, Result>(
  run: RunItem<Item, Result>,
  options: BulkOptions<Item>,
  host: AttemptHost,
): (task: Task<Item>) => Result | PromiseLike<Result> {
  const { limiter, concurrency, cost, retry } = options
  const limit = typeof concurrency === 'object' ? concurrency : undefined
  const { signals, counters } = host
  const attempt = limiter || limit ? limitedAttempt : plainAttempt
  if (!retry) return attempt
  return (task) => {
    const operation = async (): Promise<Result> => await attempt(task)
    return retryUntilStopped(retry, operation, host)
  }

  /** Calls the user's function. The attempt is closed by ItemsInFlight: waiting for its end here would cost one more promise. */
  function plainAttempt(task: Task<Item>): Result | PromiseLike<Result> {
    task.attempt?.close()
    const context = nextAttempt(task)
    task.attempt = context
    return run(task.item, context)
  }

  async function limitedAttempt(task: Task<Item>): Promise<Result> {
    const leases = await acquire(task.item)
    const context = nextAttempt(task)
    try {
      const value = await run(task.item, context)
      leases.settle(context.reported ?? {})
      return value
    } catch (error) {
      if (!context.reported && neverSent(error)) leases.cancel()
      else leases.settle(reportOf(error, context.reported))
      throw error
    } finally {
      context.close()
    }
  }

  function nextAttempt(task: Task<Item>): Attempt {
    if (task.calls > 0) counters.retried++
    task.requests++
    return new Attempt(task, ++task.calls, host)
  }

  /**
   * Waits for the rate limit first, then for the concurrency limit. In the other order, attempts would hold slots while they wait for the rate limit,
   * and the concurrency limit would count them as requests in flight.
   */
  async function acquire(item: Item): Promise<{ settle(report: CallReport): void; cancel(): void }> {
    let lease: Lease | undefined
    let slot: ConcurrencyLease | undefined
    const cancel = (): void => {
      lease?.cancel()
      slot?.cancel()
    }
    try {
      lease = limiter && (await rate(limiter, cost?.(item) ?? { input: 0, output: 0 }))
      slot = await limit?.acquire(signals.stopping)
      signals.stopping.throwIfAborted()
    } catch (error) {
      cancel()
      throw error
    }
    return {
      settle: (report) => {
        lease?.settle(report)
        slot?.settle({ overloaded: isOverload(report) })
      },
      cancel,
    }
  }

  async function rate(from: RateLimiter, size: { input: number; output: number }): Promise<Lease> {
    counters.waitingForRate++
    try {
      return await from.acquire(size, { signal: signals.stopping })
    } finally {
      counters.waitingForRate--
    }
  }
}

type Retry = <T>(operation: () => Promise<T>, options: { signal: AbortSignal }) => Promise<T>

/**
 * Runs the attempts of an item with the user's `retry`. Stopping the run ends a wait between attempts, but lets an attempt in flight finish. Aborting
 * the run ends both.
 */
async function retryUntilStopped<T>(
  retry: Retry,
  attempt: () => Promise<T>,
  { signals, counters }: AttemptHost,
): Promise<T> {
  const { whole, stopping } = signals
  const controller = new AbortController()
  let state: 'in flight' | 'waiting' | 'over' = 'in flight'
  const enter = (next: typeof state): void => {
    if (state === 'waiting') counters.waitingForRetry--
    if (next === 'waiting') counters.waitingForRetry++
    state = next
  }
  const onStop = (): void => {
    if (state === 'waiting') controller.abort(stopping.reason)
  }
  const onAbort = (): void => controller.abort(whole.reason)
  whole.addEventListener('abort', onAbort)
  stopping.addEventListener('abort', onStop)
  try {
    return await retry(
      async () => {
        // A retry loop that ignores its signal must not call the function in a run that was stopped.
        stopping.throwIfAborted()
        enter('in flight')
        try {
          return await attempt()
        } catch (error) {
          enter('waiting')
          // Wait for one turn: if `retry` gives up, it rejects before this timer fires, and the error is the result of
          // the item.
          if (stopping.aborted) setTimeout(onStop)
          throw error
        }
      },
      { signal: controller.signal },
    )
  } finally {
    enter('over')
    whole.removeEventListener('abort', onAbort)
    stopping.removeEventListener('abort', onStop)
  }
}
