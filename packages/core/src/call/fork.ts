import type { WorkContext } from '@harbor/cache'
import type { Deadline, Exchange } from './exchange.ts'

/** The pipeline's own clock is to be the first that ends a call, since it knows what it measured, in milliseconds. */
export const MARGIN_MS = 5

/**
 * A call that is made for all who ask the same: it ends when all of them have left, has the time of the most patient, and a
 * receipt of its own.
 */
export function forkOf(exchange: Exchange, context: WorkContext): Exchange {
  const { signal } = context
  const longestAt = exchange.policy.clock.now() + exchange.policy.totalMs
  const deadline = new SharedDeadline(context, longestAt)
  return { ...exchange, signal, callerSignal: signal, deadline, receipt: exchange.receipt.fork() }
}

/** When the most patient of those who wait gives up. Nobody's time limits what is done in the background. */
class SharedDeadline implements Deadline {
  readonly #context: WorkContext
  readonly #longestAt: number

  constructor(context: WorkContext, longestAt: number) {
    this.#context = context
    this.#longestAt = longestAt
  }

  get at(): number {
    const { deadlineAt } = this.#context
    return deadlineAt === Infinity ? this.#longestAt : deadlineAt - MARGIN_MS
  }
}
