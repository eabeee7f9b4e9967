import { cheapest as cheapestBy, type Order } from '@harbor/fallback'
import type { Target } from '../reporting/target.ts'

/** The share of input tokens in a typical call: requests are usually several times as long as answers. */
const INPUT_SHARE = 0.75

/**
 * Orders targets by price, the cheapest first. Compares the price of three input tokens and one output token. Only prices in the option `models`
 * count; targets without one come last.
 */
export function cheapest(): Order<Target> {
  return cheapestBy<Target>(
    ({ price }) => price && INPUT_SHARE * price.inputPerMillion + (1 - INPUT_SHARE) * price.outputPerMillion,
  )
}
