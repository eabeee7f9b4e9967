import { spendLimitExceeded, priceUnknown } from '../attempt/refusals.ts'
import type { Exchange } from '../call/exchange.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import { estimateOf } from '../call/request-facts.ts'
import type { Accounts } from '../cost/accounts.ts'
import { Purse } from '../cost/purse.ts'
import { sumOfCosts, type PricedUse } from '../cost/shared-use.ts'
import type { SpendLedger } from '../cost/spend-limit.ts'
import type { SpendLimitOptions } from '../options/spend-limit-options.ts'
import type { Target } from '../reporting/target.ts'
import type { Plan } from '../targets/routes.ts'

/**
 * Reserves the highest possible cost of a call.
 * @throws AttemptError 402 when less than this cost is left of the spend limit, or the price is unknown and the limit does not allow that
 */
export async function purseFor(
  exchange: Exchange,
  plan: Plan,
  limit: SpendLimitOptions,
  { accounts, ledger }: { readonly accounts: Accounts; readonly ledger: SpendLedger },
): Promise<Purse> {
  const { outage, contextWindow, contentPolicy } = plan
  const targets = [...outage, ...contextWindow, ...contentPolicy]
  const others = otherModels(exchange)
  const needsList = others.length > 0 || targets.some(({ price }) => !price)
  if (needsList && !accounts.list.loaded) await accounts.list.load()
  const costOf = highestCosts(exchange, others, accounts)
  if (limit.unpriced !== 'allow') refuseUnpriced(exchange, outage, costOf)
  const usdOf = (target: Target): number => costOf(target)?.usd ?? 0
  // The reserved amount is that of the most expensive target, since any of them may take over.
  const estimateUsd = Math.max(0, ...outage.map(usdOf))
  const reserved = ledger.reserve(estimateUsd, limit)
  if ('settle' in reserved) return new Purse(reserved, { ledger, limit, costOf: usdOf })
  throw spendLimitExceeded(atFirstTarget(exchange, outage), estimateUsd, reserved)
}

type CostOf = (target: Target) => PricedUse | undefined

function otherModels({ operation, json }: Exchange): readonly string[] {
  return (json && operation.request.otherModelsOf?.(json)) ?? []
}

/**
 * Returns a function that estimates the highest cost of the call at a target. That includes the other models that the provider may use for
 * it: each of them may be billed. One without a known price costs as much as the requested model, and is named as unpriced.
 */
function highestCosts(exchange: Exchange, others: readonly string[], accounts: Accounts): CostOf {
  const { operation, json, headers, policy } = exchange
  const request = { operation, json, headers, estimate: estimateOf(exchange) }
  return (target) => {
    const own = accounts.highestCostOf(target, request)
    if (!own || others.length === 0) return own
    const costs = others.map((model) => {
      const other = policy.routes.otherModelAt(target, model, operation)
      return accounts.highestCostOf(other, request) ?? { ...own, unpriced: [model] }
    })
    return sumOfCosts([own, ...costs])
  }
}

/** @throws AttemptError 402 when the price of a target is unknown, or that of a tool or a model that its provider may use for the request */
function refuseUnpriced(exchange: Exchange, targets: readonly Target[], costOf: CostOf): void {
  const unpriced = targets.find((target) => isIncomplete(costOf(target)))
  if (unpriced) throw priceUnknown(atFirstTarget(exchange, [unpriced]), costOf(unpriced)?.unpriced)
}

function isIncomplete(cost: PricedUse | undefined): boolean {
  return cost === undefined || cost.unpriced !== undefined
}
