import type { Order } from './order.ts'
import { sortBy } from './sort-by.ts'
import { aFunction, aPart, validate } from './validate.ts'

export interface FastestOptions {
  /** Another target takes the lead only when it is faster by this part, so that the lead does not flutter. @default 0.2 */
  margin?: number | undefined
  /** The part of the runs that begin with a target other than the leader, or speed that has changed would never be seen. @default 0.05 */
  exploreRatio?: number | undefined
  /** A number from 0 up to, but not including, 1. @default Math.random */
  random?: (() => number) | undefined
}

/** The target that answers fastest first, as the health board has measured. One not measured yet counts as slow, until it is explored. */
export function fastest<Target extends { readonly name: string }>(
  options: FastestOptions = {},
): Order<Target> {
  validate(options, { margin: aPart, exploreRatio: aPart, random: aFunction })
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
