import { cheapest as cheapestBy, type Order } from '@harbor/fallback'
import type { Target } from '../reporting/target.ts'

/** Requests are usually several times as long as their answers. */
const INPUT_SHARE = 0.75

/** The target with the lowest `models[…].price` first, three parts input to one part output; without a price it comes last. */
export function cheapest(): Order<Target> {
  return cheapestBy<Target>(
    ({ price }) => price && INPUT_SHARE * price.inputPerMillion + (1 - INPUT_SHARE) * price.outputPerMillion,
  )
}
