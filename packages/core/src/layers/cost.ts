import { moneySpent } from '../attempt/failures.ts'
import type { Answer, Exchange, Handler, StreamEnd } from '../call/exchange.ts'
import { estimateOf, planOf } from '../call/known.ts'
import { unsent } from '../call/leg.ts'
import type { Accounts } from '../cost/accounts.ts'
import { estimateDelivered } from '../cost/estimate.ts'
import type { Reservation, SpendLedger } from '../cost/spend-limit.ts'
import type { Plan } from '../targets/routes.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { JsonBody } from '../wire/operation.ts'

/**
 * Pays for calls: sets the money aside if there is a limit, books what the answer cost, and gives the rest back. Requests that
 * are not judged tell no usage, and are not paid for here.
 */
export function costLayer(
  accounts: Accounts,
  ledger: SpendLedger,
  telemetry: Telemetry,
): (next: Handler) => Handler {
  return (next) =>
    async function cost(exchange) {
      const { json, operation } = exchange
      if (!operation.judged || !json) return next(exchange)
      const plan = planOf(exchange)
      const reservation = await reserve(exchange, plan, accounts, ledger)
      try {
        const answer = await next(exchange)
        whenOver(answer, (contents) => {
          telemetry.shield(ACCOUNTING, () => {
            bill(exchange, plan, json, answer, contents, accounts)
            accounts.bookPossible(exchange, plan)
          })
          reservation?.settle(exchange.receipt.cost?.usd ?? 0)
        })
        return answer
      } catch (error) {
        telemetry.shield(ACCOUNTING, () => accounts.bookPossible(exchange, plan))
        reservation?.settle(0)
        throw error
      }
    }
}

/** Whatever goes wrong in accounting ends in one warning: never in the call, and never in the process. */
const ACCOUNTING = 'Accounting for a call failed'

/** @throws AttemptError 402 when there is not enough, or nobody knows how much it takes */
async function reserve(
  exchange: Exchange,
  plan: Plan,
  accounts: Accounts,
  ledger: SpendLedger,
): Promise<Reservation | undefined> {
  const limit = exchange.policy.spendLimit
  if (!limit) return undefined
  if (!accounts.list.loaded && plan.outage.some(({ price }) => !price)) await accounts.list.load()
  const usage = estimateOf(exchange)
  // Whoever takes over may be dearer.
  const costs = plan.outage.map((target) => accounts.costOf(target, usage))
  const known = costs.filter((usd) => usd !== undefined)
  if (known.length < costs.length && limit.unpriced !== 'allow') {
    const unpriced = plan.outage.filter((_, place) => costs[place] === undefined)
    throw moneySpent(unsent(exchange, unpriced), undefined, {
      leftUsd: ledger.leftUsd(limit),
      untilMs: Infinity,
    })
  }
  const estimateUsd = Math.max(0, ...known)
  const reserved = ledger.reserve(estimateUsd, limit)
  if ('settle' in reserved) return reserved
  throw moneySpent(unsent(exchange, plan.outage), estimateUsd, reserved)
}

function bill(
  { receipt }: Exchange,
  { outage }: Plan,
  json: JsonBody,
  { servedBy }: Answer,
  contents: number,
  accounts: Accounts,
): void {
  const { usage } = receipt
  if (!servedBy || (!usage && contents === 0)) return
  accounts.book(receipt, {
    usage: usage ?? estimateDelivered(json, contents),
    source: usage ? 'reported' : 'estimated',
    servedBy,
    asked: outage[0],
  })
}

/** @param over told how many events with content a stream brought */
function whenOver({ body }: Answer, over: (contents: number) => void): void {
  if (body.kind === 'text') over(0)
  else void body.ended.then(({ contents = 0 }: StreamEnd) => over(contents))
}
