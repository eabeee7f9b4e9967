import { cheapest as cheapestBy, type Order } from '@harbor/fallback'
import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'

/** The share of input tokens in a typical call: requests are usually several times as long as answers. */
const INPUT_SHARE = 0.75

/**
 * Orders targets by price, the cheapest first. Compares the price of three input tokens and one output token. Only prices in the option `models`
 * count; targets without one come last. Service tiers of variants do not count: see `prefer` of `perCall()`.
 */
export function cheapest(): Order<Target> {
  return cheapestBy<Target>(({ price }) => price && typicalPrice(price))
}

/** Returns the price of three input tokens and one output token, for comparisons. */
export function typicalPrice({ inputPerMillion, outputPerMillion }: Price): number {
  return INPUT_SHARE * inputPerMillion + (1 - INPUT_SHARE) * outputPerMillion
}
