import type { Exchange } from './exchange.ts'

/** Whether the call has used up what it may send upstream, over all its targets. */
export function hasNoCallLeft(exchange: Exchange): boolean {
  return callsLeft(exchange) <= 0
}

/** How many requests the call may still send upstream, over all its targets. */
export function callsLeft({ receipt, policy }: Exchange): number {
  return policy.maxUpstreamCalls - receipt.attempts.length - receipt.redirects
}
