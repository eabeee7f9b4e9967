import { BreakerOpenError, type CircuitBreaker, type Permit } from '@harbor/breaker'
import { AttemptError } from '../attempt/attempt-error.ts'
import { circuitOpen, upstreamCallsUsedUp } from '../attempt/failures.ts'
import type { Answer, LegExchange, LegHandler, StreamEnd } from '../call/exchange.ts'
import type { Pass } from '../limits/quota.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Health } from '../targets/health.ts'
import { hasNoCallLeft, situationOf, VERDICTS } from '../verdict.ts'

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
        if (permit) settleLater(permit, exchange, answer)
        pass?.succeeded(answer)
        return answer
      } catch (error) {
        if (permit) settleFailure(permit, exchange, error)
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

function settleLater(permit: Permit, { leg }: LegExchange, { body }: Answer): void {
  if (body.kind === 'text') {
    permit.succeed()
    return
  }
  permit.answered()
  void body.ended.then(({ outcome }: StreamEnd) => {
    if (outcome === 'success') permit.succeed()
    else if (outcome === 'failure' && !leg.failureReported) permit.fail()
    else permit.release()
  })
}

function settleFailure(permit: Permit, { leg }: LegExchange, error: unknown): void {
  const verdict = error instanceof AttemptError ? VERDICTS[situationOf(error.failure)].breaker : 'ignore'
  if (verdict !== 'failure' || leg.failureReported) {
    permit.release()
    return
  }
  leg.failureReported = true
  permit.fail(error instanceof AttemptError ? error.failure : undefined)
}
