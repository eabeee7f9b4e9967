import type { Failure } from '@harbor/retry'
import { AttemptError } from '../attempt/attempt-error.ts'
import { moneySpent } from '../attempt/failures.ts'
import type { Answer, LegExchange, LegHandler } from '../call/exchange.ts'
import { ClientClosedError } from '../base/errors.ts'
import type { Purse } from '../cost/purse.ts'

/** Under a spend limit every attempt is paid for, whatever becomes of it. */
export function paymentLayer(next: LegHandler): LegHandler {
  return (exchange) => (exchange.purse ? pay(exchange, exchange.purse, next) : next(exchange))
}

/** @throws AttemptError 402 when there is not enough left for this attempt */
async function pay(exchange: LegExchange, purse: Purse, next: LegHandler): Promise<Answer> {
  const share = purse.draw(exchange.leg.target)
  if (!('keep' in share)) throw moneySpent(exchange, share.estimateUsd, share)
  try {
    const answer = await next(exchange)
    share.answered()
    return answer
  } catch (error) {
    if (isRefused(error)) share.giveBack()
    else share.keep()
    throw error
  }
}

/** Whether it is certain that a failed attempt is not billed: it was not sent, or the provider answered with an error. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof AttemptError)) return ClientClosedError.is(error)
  const { failure, answer } = error
  if (failure.ambiguous) return false
  return NEVER_SENT.has(failure.kind) || (answer !== undefined && !BILLED.has(failure.kind))
}

const NEVER_SENT = new Set<Failure['kind']>(['network', 'refused'])
/** What came under a status of success was worked on. */
const BILLED = new Set<Failure['kind']>(['malformed', 'stream', 'aborted'])
