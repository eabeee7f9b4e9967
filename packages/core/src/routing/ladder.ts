import { likelyFactor, vendorOf } from '../cost/service-tier.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'
import type { Ladder, Plan } from '../targets/plan.ts'
import type { Routes } from '../targets/routes.ts'
import { typicalPrice } from '../targets/cheapest.ts'
import { answerParamsOf, tierOfParams } from '../protocols/shared/variant-fields.ts'

/** A price for comparisons of tiers, if the price of the model is not configured. */
const UNIT: Price = { inputPerMillion: 1, outputPerMillion: 1 }

/**
 * Returns the tiers on which a call of the requested model may be answered, the cheapest first: the variants that differ from it only in the service
 * tier. Undefined if none costs less than the standard tier. A tier that costs more is left out, unless it is the requested one.
 * @param model the requested model or variant
 */
export function ladderOf(
  routes: Routes,
  model: string | undefined,
  nativeURL: string,
  operation: Operation,
): (Ladder & { readonly costlier: readonly Target[] }) | undefined {
  const same = routes.sameModel(model, nativeURL, operation)
  if (same.length < 2) return undefined
  const name = routes.requestedName(model, operation)
  const requested = same.find((target) => target.name === name)
  if (!requested) return undefined
  const params = answerParamsOf(requested.params)
  const tiers = same.filter((target) => answerParamsOf(target.params) === params)
  const standard = tiers.find(({ params: own }) => tierOfParams(own) === undefined) ?? requested
  const cost = (target: Target): number => relativePriceOf(target, standard)
  const cheaper = tiers
    .filter((target) => target !== standard && cost(target) < 1)
    .sort((one, other) => cost(one) - cost(other))
  if (cheaper.length === 0) return undefined
  const costlier = requested === standard || cheaper.includes(requested) ? [] : [requested]
  return { cheaper, standard, requested, costlier }
}

/** Returns the plan of a call that may be answered on these tiers. */
export function planWithLadder(
  plan: Plan,
  { costlier, ...ladder }: NonNullable<ReturnType<typeof ladderOf>>,
): Plan {
  const tiers = [...ladder.cheaper, ladder.standard, ...costlier]
  const names = new Set(tiers.map(({ name }) => name))
  const outage = [...tiers, ...plan.outage.filter(({ name }) => !names.has(name))]
  return { ...plan, outage, ladder }
}

/** Returns the likely price of a variant as a multiple of that of the standard tier. */
export function relativePriceOf(target: Target, standard: Target): number {
  const tier = tierOfParams(target.params)
  const { price = UNIT, model = '' } = target
  if (tier === undefined) return typicalPrice(price) / typicalPrice(standard.price ?? UNIT)
  return likelyFactor(price, tier, { vendor: vendorOf(target), model })
}
