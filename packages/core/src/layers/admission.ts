import { BreakerOpenError, type CircuitBreaker, type Permit } from '@harbor/breaker'
import { AttemptError } from '../attempt/attempt-error.ts'
import { circuitOpen, upstreamCallsUsedUp } from '../attempt/refusals.ts'
import { wasImpatient } from '../attempt/impatience.ts'
import type { Answer, LegExchange, LegHandler } from '../call/exchange.ts'
import type { Pass, Quota } from '../limits/quota.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Health } from '../routing/health.ts'
import { situationAtEnd, situationOf, VERDICTS, type Situation } from '../verdict/verdict.ts'
import { hasNoCallLeft } from '../call/exchange.ts'

/**
 * Decides whether an attempt at its target may be made now. It waits for the limits of the quota group, and then takes a permit of the
 * target's circuit breaker. It refuses the attempt, before anything is sent, if the circuit is open, the limits leave no room, or the call
 * has already sent `maxUpstreamCalls` requests. Afterwards it reports the outcome to the limits and the circuit breaker.
 */
export function admissionLayer(health: Health, quotas: Quotas): (next: LegHandler) => LegHandler {
  return (next) =>
    async function admission(exchange) {
      if (hasNoCallLeft(exchange)) throw upstreamCallsUsedUp(exchange)
      const breaker = breakerFor(exchange, health)
      const quota = quotas.of(exchange)
      // A call does not wait for the limits of a target whose circuit is open.
      if (quota && breaker) orCircuitOpen(exchange, () => breaker.check())
      const entering = quota?.enter(exchange)
      const pass = entering instanceof Promise ? await afterWait(exchange, quota, entering, quotas) : entering
      const permit = acquirePermit(exchange, breaker, pass)
      exchange.leg.circuit = breaker?.state
      const sentAt = exchange.policy.clock.now()
      try {
        const answer = await next(exchange)
        if (permit) settleAnswer(permit, exchange, answer, health)
        health.noteAnswer(exchange, exchange.policy.clock.now() - sentAt)
        pass?.succeeded(answer)
        return answer
      } catch (error) {
        if (permit) settleError(permit, exchange, error, health)
        pass?.failed(error)
        if (error instanceof AttemptError) health.noteFailure(exchange, error.failure)
        throw error
      }
    }
}

/**
 * The maximum number of times that a call moves from the limits of one key to those of another. Each time, answers must have shown other
 * limits of the keys.
 */
const MAX_MOVES = 5

/**
 * Waits for the limits. If the provider has several keys, the key is then chosen again: while the call waited, answers may have shown which
 * limits the keys really have, and other calls may have used the key.
 */
async function afterWait(
  exchange: LegExchange,
  quota: Quota | undefined,
  entering: Promise<Pass>,
  quotas: Quotas,
): Promise<Pass | undefined> {
  let pass: Pass | undefined = await entering
  let held = quota
  for (let moves = 0; moves < MAX_MOVES && exchange.leg.chooseKey; moves++) {
    exchange.leg.chooseKey(held)
    const other = quotas.of(exchange)
    if (other === held) break
    pass?.cancel()
    held = other
    pass = await other?.enter(exchange)
  }
  return pass
}

/**
 * Returns the circuit breaker of the attempt's target; undefined for an endpoint that Harbor does not know. Harbor does not check answers
 * of such endpoints, so they say nothing about the health of a model.
 */
function breakerFor({ operation, leg }: LegExchange, health: Health): CircuitBreaker | undefined {
  return operation.checksAnswers ? health.breakerOf(leg.target) : undefined
}

/**
 * Takes a permit of the circuit breaker. If the circuit opened while the attempt waited for its limits, the reservation of the attempt is
 * cancelled.
 */
function acquirePermit(
  exchange: LegExchange,
  breaker: CircuitBreaker | undefined,
  pass: Pass | undefined,
): Permit | undefined {
  try {
    return orCircuitOpen(exchange, () => breaker?.acquire())
  } catch (error) {
    pass?.cancel()
    throw error
  }
}

/** Calls a method of the circuit breaker. @throws AttemptError if the circuit is open, instead of the breaker's own error */
function orCircuitOpen<Result>(exchange: LegExchange, acquire: () => Result): Result {
  try {
    return acquire()
  } catch (error) {
    throw BreakerOpenError.is(error) ? circuitOpen(exchange, error) : error
  }
}

function settleAnswer(permit: Permit, exchange: LegExchange, { body }: Answer, health: Health): void {
  if (body.kind === 'text') {
    permit.succeed()
    return
  }
  permit.answered()
  void body.ended.then(({ outcome, fault }) => {
    const situation = situationAtEnd(outcome)
    if (situation && countsAsFailure(exchange, situation, fault?.cause, health)) permit.fail()
    else if (situation) permit.release()
    else permit.succeed()
  })
}

function settleError(permit: Permit, exchange: LegExchange, error: unknown, health: Health): void {
  const failure = error instanceof AttemptError ? error.failure : undefined
  if (failure && countsAsFailure(exchange, situationOf(failure), (error as Error).cause, health)) {
    exchange.leg.failureReported = true
    permit.fail(failure)
  } else permit.release()
}

/**
 * Whether a failed attempt counts as a failure for the circuit breaker. At most one failed attempt of a call at a target counts. A failure
 * because of a timeout that the call itself set too short does not count.
 */
function countsAsFailure(
  exchange: LegExchange,
  situation: Situation,
  cause: unknown,
  health: Health,
): boolean {
  const { leg } = exchange
  return (
    VERDICTS[situation].breaker === 'failure' &&
    !leg.failureReported &&
    !wasImpatient(exchange, cause, health.latenciesOf(leg.target))
  )
}
