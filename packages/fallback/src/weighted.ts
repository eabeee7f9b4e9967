import { describeValue } from '@harbor/parts'
import type { Order } from './order.ts'
import { sortBy } from './sort-by.ts'

/** Targets are called first as often as their weights say: those of weight 3 three times as often as those of weight 1. */
export function weighted<Target extends { readonly name: string }>(
  /** @default the target's own `weight`, or 1 */
  weightOf: (target: Target) => number = (target) => (target as { weight?: number }).weight ?? 1,
  /** A number from 0 up to, but not including, 1. @default Math.random */
  random: () => number = Math.random,
): Order<Target> {
  // Efraimidis and Spirakis (2006): sorted by such keys, each place is drawn by weight among those left. A weight of 0 comes last.
  const keyOf = (target: Target): number => {
    const weight = weightOf(target)
    if (weight >= 0) return weight === 0 ? -Infinity : Math.log(1 - random()) / weight
    throw new TypeError(
      `the weight of ${target.name} must be a number of at least 0, got ${describeValue(weight)}`,
    )
  }
  return (targets) => sortBy(targets, (target) => -keyOf(target))
}
