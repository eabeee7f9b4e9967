import { AttemptError } from '../attempt/attempt-error.ts'
import { spendLimitExceeded } from '../attempt/refusals.ts'
import type { Answer, LegExchange, LegHandler } from '../call/exchange.ts'
import { ClientClosedError } from '../base/errors.ts'
import type { Payer } from '../cost/purse.ts'
import { situationOf, VERDICTS } from '../verdict/verdict.ts'
import { waitForMoney } from './money-wait.ts'

/** Reserves money for each attempt under a spend limit. The reservation is released only if the attempt was certainly not billed. */
export function paymentLayer(next: LegHandler): LegHandler {
  return (exchange) => (exchange.purse ? pay(exchange, exchange.purse, next) : next(exchange))
}

/**
 * Reserves money for an attempt, and then makes the attempt.
 * @throws AttemptError 402 when the attempt may cost more than is left of the spend limit
 */
async function pay(exchange: LegExchange, purse: Payer, next: LegHandler): Promise<Answer> {
  const drawing = purse.draw(exchange.leg.target, (pending) => waitForMoney(exchange, pending))
  const share = drawing instanceof Promise ? await drawing : drawing
  if (!('keep' in share)) {
    exchange.receipt.lackedMoney = true
    throw spendLimitExceeded(exchange, share)
  }
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

/** Whether a failed attempt was certainly not billed: its request was not sent, or the provider answered with an error status. */
function isCertainlyFree(error: unknown): boolean {
  if (!(error instanceof AttemptError)) return ClientClosedError.is(error)
  const { failure, answer } = error
  if (failure.ambiguous) return false
  const { billed } = VERDICTS[situationOf(failure)]
  return billed === 'no' || (billed === undefined && answer !== undefined)
}
