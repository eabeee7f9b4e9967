import type { Failure } from '@harbor/retry'
import { callsLeft, hasNoCallLeft, isOver, type LegExchange } from '../call/exchange.ts'
import { situationOf, VERDICTS, type Verdict } from '../verdict/verdict.ts'
import { AttemptError } from './attempt-error.ts'
import { MAX_SHORT_WAIT_MS } from './short-wait.ts'

/**
 * Whether this attempt's target is tried again. The status-level answer (`failure.retryable`, where the
 * provider's `x-should-retry` has had its say) is narrowed by what the call may still do.
 */
export function mayRetryHere(exchange: LegExchange, failure: Failure): boolean {
  const { leg, policy } = exchange
  const { others } = leg
  if (!failure.retryable || callsLeft(exchange) <= others) return false // each of the others gets its turn
  const situation = situationOf(failure)
  const { retryHere, nextTarget } = VERDICTS[situation]
  if (others > 0) {
    // Elsewhere nobody asked us to wait.
    if ((failure.retryAfterMs ?? 0) > MAX_SHORT_WAIT_MS || nextTarget === 'other-quota-group') return false
    if (leg.attempts >= policy.attemptsBeforeFallback) return false
  }
  if (situation === 'sent-unanswered' || (situation === 'local-fault' && failure.ambiguous)) {
    return exchange.receipt.possiblyBilled <= exchange.operation.ambiguousRetries
  }
  // The provider had begun, and a second copy would change something once more.
  if (situation === 'stream-before-content' && exchange.operation.ambiguousRetries === 0) return false
  // What came was paid for, and is likely to come again.
  if (situation === 'malformed' && failure.ambiguous) {
    return exchange.receipt.possiblyBilled <= Math.min(1, exchange.operation.ambiguousRetries)
  }
  if (retryHere === 'no') return failure.status !== undefined // only a provider overrules its row
  if (retryHere !== 'once') return true
  return exchange.receipt.attempts.filter((attempt) => attempt.failure?.kind === failure.kind).length <= 1
}

/** What the table says of other targets after this error. */
export function nextTargetAfter(error: unknown): Verdict['nextTarget'] {
  return error instanceof AttemptError ? VERDICTS[situationOf(error.failure)].nextTarget : 'no'
}

/** Whether the target failed rather than the request: any other one, at least with another credential or quota, may do better. */
export function isOutage(error: unknown): boolean {
  const next = nextTargetAfter(error)
  return next === 'yes' || next === 'other-credential' || next === 'other-quota-group'
}

/** Whether another target takes over now. Whoever shares what was refused or used up rests by then, and is left out. */
export function mayMoveOn(error: unknown): boolean {
  return (
    error instanceof AttemptError &&
    isOutage(error) &&
    !isOver(error.exchange) &&
    !hasNoCallLeft(error.exchange)
  )
}
