import { PriorityQueue } from '../priority-queue.ts'
import type { Cost, Lease } from './contracts.ts'

/** A call of `acquire` that waits (in short: an acquire). */
export interface Waiter {
  cost: Cost
  priority: number
  /** The time at which the acquire rejects with RateLimitWaitError, in milliseconds on the clock. */
  deadlineMs: number
  resolve: (lease: Lease) => void
  reject: (reason: unknown) => void
  signal: AbortSignal | undefined
  onAbort: (() => void) | undefined
  previous: Waiter | undefined
  next: Waiter | undefined
}

interface Sum extends Cost {
  requests: number
}

/** The queue of waiting acquires, ordered by priority, then first come, first served. It also sums up the costs of each priority. */
export class WaitingLine {
  readonly #queue = new PriorityQueue<Waiter>()
  readonly #sums = new Map<number, Sum>()

  get size(): number {
    return this.#queue.size
  }

  /** The acquire that starts next. */
  get first(): Waiter | undefined {
    return this.#queue.first
  }

  /** The acquire with the earliest deadline. Within a priority, acquires that came earlier have earlier deadlines. */
  get nextToExpire(): Waiter | undefined {
    return this.#queue.firstByMinimum(({ deadlineMs }) => deadlineMs)
  }

  push(waiter: Waiter): void {
    const { priority, cost, signal, onAbort } = waiter
    this.#queue.push(waiter)
    const sum = this.#sums.get(priority)
    if (sum) add(sum, cost, 1)
    else this.#sums.set(priority, { ...cost, requests: 1 })
    if (onAbort) signal?.addEventListener('abort', onAbort)
  }

  remove(waiter: Waiter): void {
    const { priority, cost, signal, onAbort } = waiter
    this.#queue.remove(waiter)
    const sum = this.#sums.get(priority)
    if (sum && sum.requests > 1) add(sum, cost, -1)
    else this.#sums.delete(priority)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }

  /** Returns the summed cost, and the number, of the acquires that would start before a new one with this priority. */
  ahead(priority: number): Sum {
    const ahead: Sum = { input: 0, output: 0, requests: 0 }
    for (const [each, sum] of this.#sums) {
      if (each < priority) continue
      add(ahead, sum, 1)
      ahead.requests += sum.requests - 1
    }
    return ahead
  }
}

function add(sum: Sum, { input, output }: Cost, times: 1 | -1): void {
  sum.input += times * input
  sum.output += times * output
  sum.requests += times
}
