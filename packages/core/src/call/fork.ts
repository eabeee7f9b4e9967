import type { WorkContext } from '@harbor/cache'
import type { Exchange } from './exchange.ts'

/** The pipeline's own clock is to be the first that ends a call, since it knows what it measured, in milliseconds. */
export const MARGIN_MS = 5

/**
 * A call that is made for all who ask the same: it ends when all of them have left, has the time of the most patient, and a
 * receipt of its own.
 */
export function forkOf(exchange: Exchange, context: WorkContext): Exchange {
  const { signal } = context
  const longestAt = exchange.policy.clock.now() + exchange.policy.totalMs
  const deadline = {
    get at() {
      // Nobody's time limits what is done in the background.
      return context.deadlineAt === Infinity ? longestAt : context.deadlineAt - MARGIN_MS
    },
  }
  return { ...exchange, signal, callerSignal: signal, deadline, receipt: exchange.receipt.fork() }
}
