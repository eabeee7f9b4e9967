import { AttemptError } from '../attempt/attempt-error.ts'
import type { Exchange } from '../call/exchange.ts'
import { planOf } from '../routing/plan-of.ts'

/**
 * Whether a call that shares the failure of another one would have done more itself: have made more or longer attempts, or called another
 * target. The call then has to be made again.
 */
export function wouldDoMore(exchange: Exchange, error: unknown): boolean {
  if (!(error instanceof AttemptError)) return false
  const { failure, exchange: other } = error
  const more = (limit: 'maxAttempts' | 'attemptMs' | 'maxUpstreamCalls'): boolean =>
    exchange.policy[limit] > other.policy[limit]
  if (failure.retryable && (more('maxAttempts') || more('attemptMs') || more('maxUpstreamCalls'))) return true
  const { outage: called } = planOf(other)
  return planOf(exchange).outage.some((target) => called.every(({ name }) => name !== target.name))
}
