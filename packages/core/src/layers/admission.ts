import { BreakerOpenError, type Permit } from '@harbor/breaker'
import { AttemptError } from '../attempt/attempt-error.ts'
import { circuitOpen, upstreamCallsUsedUp } from '../attempt/failures.ts'
import type { Answer, LegExchange, LegHandler, StreamEnd } from '../call/exchange.ts'
import type { Health } from '../targets/health.ts'
import { hasNoCallLeft, situationOf, VERDICTS } from '../verdict.ts'

/**
 * Lets an attempt through to its target, or refuses it before it costs anything: while the target's circuit is open, and
 * beyond the number of requests that one call may send. How the attempt ends is told to those who watch the target's health.
 */
export function admissionLayer(health: Health): (next: LegHandler) => LegHandler {
  return (next) =>
    async function admission(exchange) {
      if (hasNoCallLeft(exchange)) throw upstreamCallsUsedUp(exchange)
      const permit = permitFor(exchange, health)
      try {
        const answer = await next(exchange)
        if (permit) settleLater(permit, exchange, answer)
        return answer
      } catch (error) {
        if (permit) settleFailure(permit, exchange, error)
        if (error instanceof AttemptError) health.noteFailure(exchange, error.failure)
        throw error
      }
    }
}

/** Requests that are not judged say nothing about a model, so circuits leave them alone. */
function permitFor(exchange: LegExchange, health: Health): Permit | undefined {
  if (!exchange.operation.judged) return undefined
  try {
    return health.breakerOf(exchange.leg.target)?.acquire()
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
