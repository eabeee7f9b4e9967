import { BreakerOpenError, type CircuitBreaker, type Permit } from '@harbor/breaker'
import { AttemptError } from '../attempt/attempt-error.ts'
import { circuitOpen, upstreamCallsUsedUp } from '../attempt/failures.ts'
import { wasImpatient } from '../attempt/impatience.ts'
import {
  hasNoCallLeft,
  type Answer,
  type LegExchange,
  type LegHandler,
  type StreamEnd,
} from '../call/exchange.ts'
import type { Pass } from '../limits/quota.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Health } from '../routing/health.ts'
import { situationOf, VERDICTS } from '../verdict/verdict.ts'

/**
 * Lets an attempt through to its target, or refuses it before it costs anything: while the target's circuit is open, while its limits
 * leave no room, and beyond the number of requests that one call may send. How the attempt ends is told to those who watch.
 */
export function admissionLayer(health: Health, quotas: Quotas): (next: LegHandler) => LegHandler {
  return (next) =>
    async function admission(exchange) {
      if (hasNoCallLeft(exchange)) throw upstreamCallsUsedUp(exchange)
      const breaker = breakerFor(exchange, health)
      const quota = quotas.of(exchange)
      // Nobody waits in line for a target that is not called.
      if (quota && breaker) unlessOpen(exchange, () => breaker.check())
      const entering = quota?.enter(exchange)
      const pass = entering instanceof Promise ? await entering : entering
      const permit = permitFor(exchange, breaker, pass)
      try {
        const answer = await next(exchange)
        if (permit) settleLater(permit, exchange, answer, health)
        pass?.succeeded(answer)
        return answer
      } catch (error) {
        if (permit) settleFailure(permit, exchange, error, health)
        pass?.failed(error)
        if (error instanceof AttemptError) health.noteFailure(exchange, error.failure)
        throw error
      }
    }
}

/** Requests that are not judged say nothing about a model, so circuits leave them alone. */
function breakerFor({ operation, leg }: LegExchange, health: Health): CircuitBreaker | undefined {
  return operation.judged ? health.breakerOf(leg.target) : undefined
}

/** The circuit may have opened during the wait: then what was reserved goes back. */
function permitFor(
  exchange: LegExchange,
  breaker: CircuitBreaker | undefined,
  pass: Pass | undefined,
): Permit | undefined {
  try {
    return unlessOpen(exchange, () => breaker?.acquire())
  } catch (error) {
    pass?.cancel()
    throw error
  }
}

function unlessOpen<Result>(exchange: LegExchange, ask: () => Result): Result {
  try {
    return ask()
  } catch (error) {
    throw BreakerOpenError.is(error) ? circuitOpen(exchange, error) : error
  }
}

function settleLater(permit: Permit, exchange: LegExchange, { body }: Answer, health: Health): void {
  if (body.kind === 'text') {
    permit.succeed()
    return
  }
  const { leg } = exchange
  permit.answered()
  void body.ended.then(({ outcome, fault }: StreamEnd) => {
    const failed = outcome === 'failure' && !leg.failureReported && !isOwn(exchange, fault?.cause, health)
    if (outcome === 'success') permit.succeed()
    else if (failed) permit.fail()
    else permit.release()
  })
}

function settleFailure(permit: Permit, exchange: LegExchange, error: unknown, health: Health): void {
  const { leg } = exchange
  const verdict = error instanceof AttemptError ? VERDICTS[situationOf(error.failure)].breaker : 'ignore'
  if (verdict !== 'failure' || leg.failureReported || isOwn(exchange, (error as Error).cause, health)) {
    permit.release()
    return
  }
  leg.failureReported = true
  permit.fail(error instanceof AttemptError ? error.failure : undefined)
}

/** Whether the attempt failed by the haste of its own caller. */
function isOwn(exchange: LegExchange, cause: unknown, health: Health): boolean {
  return wasImpatient(exchange, cause, health.latenciesOf(exchange.leg.target))
}
