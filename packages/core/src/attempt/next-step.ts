import type { Failure } from '@harbor/retry'
import { callsLeft, hasNoCallLeft, isOver, type LegExchange } from '../call/exchange.ts'
import { isTierRefusal, situationOf, VERDICTS, type Verdict } from '../verdict/verdict.ts'
import { CREDENTIAL_FAILED } from './refusals.ts'
import { AttemptError } from './attempt-error.ts'
import { MAX_SHORT_WAIT_MS } from './short-wait.ts'

/**
 * Whether a failed attempt is retried at the same target. Three things must allow it: `failure.retryable`, which takes the provider's
 * header `x-should-retry` into account, the failure table, and the maximum number of requests.
 */
export function mayRetryHere(exchange: LegExchange, failure: Failure): boolean {
  const { leg, policy } = exchange
  const { others } = leg
  if (!failure.retryable || callsLeft(exchange) <= others) return false // one request is reserved for each other target
  // A call that may wait decides itself when a refused tier is tried again.
  if (leg.endsAt !== undefined && (isTierRefusal(failure) || policy.clock.now() >= leg.endsAt)) return false
  const situation = situationOf(failure)
  const { retryHere, nextTarget } = VERDICTS[situation]
  if (others > 0) {
    // Another target can answer before this one would be retried.
    if ((failure.retryAfterMs ?? 0) > MAX_SHORT_WAIT_MS || nextTarget === 'other-quota-group') return false
    if (leg.attempts >= policy.attemptsBeforeFallback) return false
  }
  if (situation === 'sent-unanswered' || (situation === 'local-fault' && failure.ambiguous)) {
    return exchange.receipt.possiblyBilled <= exchange.operation.ambiguousRetries
  }
  // The provider had begun to answer, so a second request would carry out the operation twice.
  if (situation === 'stream-before-content' && exchange.operation.ambiguousRetries === 0) return false
  // The malformed answer was billed, and a second one is likely to be malformed, too.
  if (situation === 'malformed' && failure.ambiguous) {
    return exchange.receipt.possiblyBilled <= Math.min(1, exchange.operation.ambiguousRetries)
  }
  if (retryHere === 'no') return failure.status !== undefined // retryable only because the provider said so
  if (retryHere !== 'once') return true
  return exchange.receipt.attempts.filter((attempt) => attempt.failure?.kind === failure.kind).length <= 1
}

/**
 * Whether a failed attempt is repeated at once with another key of the same provider. This is safe after a failure for which the failure
 * table allows it, since the provider refused the request before doing any work.
 */
export function mayChangeKey(exchange: LegExchange, failure: Failure): boolean {
  const { leg, policy, receipt } = exchange
  if (leg.keyFreeInMs?.() !== 0) return false
  const { others } = leg
  if (callsLeft(exchange) <= others || (others > 0 && leg.attempts >= policy.attemptsBeforeFallback))
    return false
  if (failure.code === CREDENTIAL_FAILED) return true
  const { nextKey } = VERDICTS[situationOf(failure)]
  if (nextKey !== 'once') return nextKey === 'yes'
  const same = receipt.attempts.filter(
    (attempt) => attempt.target === leg.target.name && attempt.failure?.kind === failure.kind,
  )
  return same.length <= 1
}

/** Returns what the failure table says about this error: whether another target is tried, and which ones. */
export function nextTargetAfter(error: unknown): Verdict['nextTarget'] {
  return error instanceof AttemptError ? VERDICTS[situationOf(error.failure)].nextTarget : 'no'
}

/** Whether the error comes from the target and not from the request, so that another target may succeed. */
export function isOutage(error: unknown): boolean {
  const next = nextTargetAfter(error)
  return next === 'yes' || next === 'other-credential' || next === 'other-quota-group'
}

/**
 * Whether another target takes over now. Targets that share a refused credential or an exhausted quota with the failed one are not excluded
 * here, because they are in cooldown by then.
 */
export function mayMoveOn(error: unknown): boolean {
  return (
    error instanceof AttemptError &&
    isOutage(error) &&
    !isOver(error.exchange) &&
    !hasNoCallLeft(error.exchange)
  )
}

/**
 * Whether a failure shows that its target is unhealthy. A local fault, such as a shortage of sockets, does not. Neither does a request that
 * the target cannot express, nor one that Harbor refused to send, unless the call has made an attempt at the target before.
 */
export function isTargetFailure({ failure, exchange }: AttemptError): boolean {
  const situation = situationOf(failure)
  if (situation === 'refused') return exchange.leg.attempts > 0
  return situation !== 'local-fault' && situation !== 'unable'
}
