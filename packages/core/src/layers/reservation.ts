import { isForLackOfMoney, priceUnknown, spendLimitExceeded } from '../attempt/refusals.ts'
import type { Exchange } from '../call/exchange.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import { estimateOf } from '../call/request-facts.ts'
import type { Accounts } from '../cost/accounts.ts'
import { Purse } from '../cost/purse.ts'
import { sumOfCosts, type PricedUse } from '../cost/shared-use.ts'
import type { Ledger } from '../cost/spend-limit.ts'
import { allowsUnpriced, valueUnder, type SpendLimit } from '../options/spend-limit-options.ts'
import type { Target } from '../reporting/target.ts'
import type { Plan } from '../targets/plan.ts'
import { waitForMoney } from './money-wait.ts'

/** What is needed to reserve money for a call. */
export interface Money {
  readonly accounts: Accounts
  readonly ledger: Ledger
}

/**
 * Reserves the highest possible cost of a call under all spend limits.
 * @throws AttemptError 402 when less than this cost is left of a limit, or the price is unknown and the limits do not allow that
 */
export async function purseFor(
  exchange: Exchange,
  plan: Plan,
  limits: readonly SpendLimit[],
  { accounts, ledger }: Money,
): Promise<Purse> {
  const { outage, contextWindow, contentPolicy } = plan
  const targets = [...outage, ...contextWindow, ...contentPolicy]
  const others = otherModels(exchange)
  const needsList = others.length > 0 || targets.some(({ price }) => !price)
  if (needsList && !accounts.list.loaded) await accounts.list.load()
  const costOf = highestCosts(exchange, others, accounts)
  if (!allowsUnpriced(limits)) refuseUnpriced(exchange, outage, costOf)
  const usdOf = (target: Target): number => costOf(target)?.usd ?? 0
  // The reserved amount is that of the most expensive target, since any of them may take over.
  const estimateUsd = Math.max(0, ...outage.map(usdOf))
  const { labels } = exchange.receipt
  const reserving = ledger.reserve(estimateUsd, limits, labels)
  const reserved = 'cancel' in reserving ? await waitForMoney(exchange, reserving) : reserving
  if ('settle' in reserved) return new Purse(reserved, { ledger, limits, labels, costOf: usdOf })
  throw spendLimitExceeded(atFirstTarget(exchange, outage), { ...reserved, estimateUsd })
}

/**
 * Whether a call failed, or got a stale answer, only because it shared the upstream request of another call, which could not pay. The call then
 * has to be made again, since it spends other money.
 * @throws AttemptError 402 when the call could not pay either
 */
export async function isRefusedForOthers(
  error: unknown,
  exchange: Exchange,
  plan: Plan,
  money: Money,
): Promise<boolean> {
  if (!isForLackOfMoney(error)) return false
  const { spendLimits } = exchange.policy
  if (!spendLimits) return true
  if (spendsSameMoney(exchange, error.exchange, spendLimits)) return false
  const purse = await purseFor(exchange, plan, spendLimits, money)
  purse.close()
  return true
}

function spendsSameMoney(one: Exchange, other: Exchange, limits: readonly SpendLimit[]): boolean {
  const { labels } = one.receipt
  return (
    other.policy.spendLimits === limits &&
    limits.every((limit) => valueUnder(limit, labels) === valueUnder(limit, other.receipt.labels))
  )
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
