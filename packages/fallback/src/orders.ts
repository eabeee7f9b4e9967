import { describeValue } from '@harbor/parts'
import type { HealthBoard } from './health/health-board.ts'
import { aFunction, aRatio, checksOf, validate } from './validate.ts'

/**
 * Receives the targets of a run and the health of each, and returns the targets to call, in order. It may leave some out. It may also return
 * unavailable targets, which the run skips. Must be synchronous. If it throws, the run rejects with the error.
 */
export type Order<Target> = (targets: readonly Target[], health: HealthBoard) => readonly Target[]

/** The order of the given list: the first is the primary target, the others are its fallbacks. Pass it as `order`, or leave `order` out. */
export const byPriority = <Target>(targets: readonly Target[]): readonly Target[] => targets

/**
 * Creates an order that calls the target with the lowest price first. Targets of equal price keep their order; a target without a price comes last.
 * If prices depend on the request, pass the targets with their current prices to each run: `run(operation, { targets })`.
 */
export function cheapest<Target extends { readonly name: string }>(
  /** Returns the price of a target. @default the target's own `price` */
  priceOf: (target: Target) => number | undefined = (target) => (target as { price?: number }).price,
): Order<Target> {
  return (targets) => sortBy(targets, (target) => priceOf(target) ?? Infinity)
}

/**
 * Creates a random order that favours high weights: a target of weight 3 comes first three times as often as one of weight 1, and one of weight 0
 * comes last. If a weight is not a number of at least 0, the run rejects with a TypeError.
 */
export function weighted<Target extends { readonly name: string }>(
  /** Returns the weight of a target. @default the target's own `weight`, or 1 */
  weightOf: (target: Target) => number = (target) => (target as { weight?: number }).weight ?? 1,
  /** Returns a number from 0 up to, but not including, 1. @default Math.random */
  random: () => number = Math.random,
): Order<Target> {
  // Sorting by these keys draws a weighted random order (Efraimidis and Spirakis, 2006). Targets of weight 0 come last.
  const keyOf = (target: Target): number => {
    const weight = weightOf(target)
    if (weight >= 0) return weight === 0 ? -Infinity : Math.log(1 - random()) / weight
    throw new TypeError(
      `the weight of ${target.name} must be a number of at least 0, got ${describeValue(weight)}`,
    )
  }
  return (targets) => sortBy(targets, (target) => -keyOf(target))
}

/** Options of `fastest`: when the order changes, and how often a slower target is measured. */
export interface FastestOptions {
  /**
   * How much lower the latency of another target must be before it replaces the current first target, as a fraction from 0 to 1: 0.2 means 20 %
   * lower. A margin prevents frequent changes of the order. @default 0.2
   */
  margin?: number | undefined
  /** The fraction of runs, from 0 to 1, that call a random other target first, to measure its current latency. With 0, no run does. @default 0.05 */
  exploreRatio?: number | undefined
  /** Returns a number from 0 up to, but not including, 1; decides which runs explore. @default Math.random */
  random?: (() => number) | undefined
}

/**
 * Creates an order that calls the target with the lowest measured latency first: the moving average in `TargetHealth.latencyMs`. Targets without
 * measurements come last.
 *
 * @throws TypeError for an option that does not exist or has a wrong value
 */
export function fastest<Target extends { readonly name: string }>(
  options: FastestOptions = {},
): Order<Target> {
  validate(options, FASTEST_CHECKS)
  const { margin = 0.2, exploreRatio = 0.05, random = Math.random } = options
  let leader: string | undefined

  return (targets, health) => {
    const latencyOf = ({ name }: Target): number => health.get(name).latencyMs ?? Infinity
    const sorted = sortBy(targets, latencyOf)
    let lead = sorted.find(({ name }) => name === leader) ?? sorted[0]
    const [quickest] = sorted
    if (quickest && lead && latencyOf(quickest) < latencyOf(lead) * (1 - margin)) lead = quickest
    leader = lead?.name

    const others = sorted.filter((target) => target !== lead)
    if (random() < exploreRatio) lead = others.splice(Math.floor(random() * others.length), 1)[0] ?? lead
    return lead ? [lead, ...sorted.filter((target) => target !== lead)] : []
  }
}

const FASTEST_CHECKS = /* @__PURE__ */ checksOf({ margin: aRatio, exploreRatio: aRatio, random: aFunction })

/** Sorts items by a number, the lowest first. Items with equal numbers keep their order. Calls `keyOf` once for each item. */
function sortBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Item[] {
  return items
    .map((item) => [keyOf(item), item] as const)
    .sort(([one], [other]) => (one === other ? 0 : one - other))
    .map(([, item]) => item)
}
