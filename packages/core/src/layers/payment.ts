import type { Failure } from '@harbor/retry'
import { AttemptError } from '../attempt/attempt-error.ts'
import { spendLimitExceeded } from '../attempt/refusals.ts'
import type { Answer, LegExchange, LegHandler } from '../call/exchange.ts'
import { ClientClosedError } from '../base/errors.ts'
import type { Purse } from '../cost/purse.ts'

/** Under a spend limit, reserves money for every attempt and keeps it unless the attempt was certainly not billed. */
export function paymentLayer(next: LegHandler): LegHandler {
  return (exchange) => (exchange.purse ? pay(exchange, exchange.purse, next) : next(exchange))
}

/** @throws AttemptError 402 when too little is left of the spend limit */
async function pay(exchange: LegExchange, purse: Purse, next: LegHandler): Promise<Answer> {
  const share = purse.draw(exchange.leg.target)
  if (!('keep' in share)) throw spendLimitExceeded(exchange, share.estimateUsd, share)
  try {
    const answer = await next(exchange)
    share.answered()
    return answer
  } catch (error) {
    if (isCertainlyFree(error)) share.giveBack()
    else share.keep()
    throw error
  }
}

/** Whether it is certain that a failed attempt is not billed: it was not sent, or the provider answered with an error. */
function isCertainlyFree(error: unknown): boolean {
  if (!(error instanceof AttemptError)) return ClientClosedError.is(error)
  const { failure, answer } = error
  if (failure.ambiguous) return false
  return NEVER_SENT.has(failure.kind) || (answer !== undefined && !BILLED.has(failure.kind))
}

const NEVER_SENT = new Set<Failure['kind']>(['network', 'refused'])
/** The provider worked on these: it had answered with a status of success. */
const BILLED = new Set<Failure['kind']>(['malformed', 'stream', 'aborted'])
