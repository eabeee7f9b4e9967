import type { Order } from './order.ts'
import { sortBy } from './sort-by.ts'

/**
 * The target with the lowest price first; among equals, as given. Prices depend on the request, so hand the targets of each
 * run over with what this one will cost there: `run(operation, { targets })`. One without a price comes last.
 */
export function cheapest<Target extends { readonly name: string }>(
  /** @default the target's own `price` */
  priceOf: (target: Target) => number | undefined = (target) => (target as { price?: number }).price,
): Order<Target> {
  return (targets) => sortBy(targets, (target) => priceOf(target) ?? Infinity)
}
