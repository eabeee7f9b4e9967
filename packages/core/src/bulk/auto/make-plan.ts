import type { AutoItem } from './auto-item.ts'
import { groupOf } from './auto-item.ts'
import type { BulkPlan, BulkRoute, PlannedPart } from './bulk-plan.ts'
import type { Pace } from './pace.ts'
import type { RunMoney } from './run-money.ts'
import { split, type SlowRoute } from './split.ts'

export interface PlanParts {
  /** The requests without an answer in the journal. The plan sets their routes. */
  readonly items: readonly AutoItem[]
  /** The number of requests whose answer is in the journal. */
  readonly answered: number
  readonly pace: Pace
  readonly money: Pick<RunMoney, 'leftUsd' | 'allowsUnpriced'>
  /** The time of the deadline, and the time before it that is kept free. */
  readonly deadlineAt: number
  readonly reserveMs: number
  readonly typicalBatchMs: number
}

interface Group {
  readonly items: AutoItem[]
  /** The highest cost of all items by route, for the prices of the routes relative to direct calls. */
  readonly usd: Map<BulkRoute, number>
}

/** Decides on which route each request is tried first, and returns what that may cost. */
export function makePlan(parts: PlanParts): BulkPlan {
  const { items, answered, pace, deadlineAt, reserveMs, typicalBatchMs } = parts
  const now = Date.now()
  const groups = groupsOf(items)
  const { groups: divided, callOverMs } = split(
    groups.map((group) => ({ count: group.items.length, prices: pricesOf(group) })),
    { msLeft: deadlineAt - now - reserveMs, pace, typicalBatchMs },
  )
  const planned: PlannedPart[] = []
  for (const [place, group] of groups.entries()) {
    let next = 0
    for (const { route, count } of divided[place] ?? []) {
      const part = group.items.slice(next, (next += count))
      for (const item of part) item.route = route
      const [first] = part
      if (first) planned.push(plannedPart(route, part, first))
    }
  }
  return {
    requests: items.length + answered,
    answered,
    parts: planned,
    ...totals(parts),
    deadlineAt,
    callOverAt: now + callOverMs,
  }
}

function groupsOf(items: readonly AutoItem[]): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const item of items) {
    const routes = [...item.prices.usd.keys()].sort().join()
    // Requests of a group that cannot take the same routes, because of what they ask for, are planned apart.
    const name = `${groupOf(item)} ${routes}`
    const group = groups.get(name) ?? { items: [], usd: new Map<BulkRoute, number>() }
    groups.set(name, group)
    group.items.push(item)
    for (const [route, usd] of item.prices.usd) group.usd.set(route, (group.usd.get(route) ?? 0) + (usd ?? 0))
  }
  return [...groups.values()]
}

/** The price on each slower route, as a fraction of that of direct calls. A batch of unknown price counts as half the price. */
function pricesOf({ usd }: Group): Map<SlowRoute, number> {
  const direct = usd.get('direct') ?? 0
  const prices = new Map<SlowRoute, number>()
  for (const [route, routeUsd] of usd)
    if (route !== 'direct') prices.set(route, direct > 0 ? routeUsd / direct : UNKNOWN_PRICE)
  return prices
}

const UNKNOWN_PRICE = 0.5

function plannedPart(route: BulkRoute, part: readonly AutoItem[], { prices }: AutoItem): PlannedPart {
  const costs = part.map((item) => item.prices.usd.get(route))
  const known = costs.filter((cost) => cost !== undefined)
  return {
    route,
    endpoint: prices.endpoint,
    target: prices.target.name,
    requests: part.length,
    usd: known.length === costs.length ? sum(known) : undefined,
  }
}

function totals({
  items,
  money,
}: PlanParts): Pick<BulkPlan, 'usd' | 'atMostUsd' | 'directUsd' | 'unpriced' | 'mayBeLeft'> {
  const left = money.leftUsd
  let [usd, atMostUsd, directUsd, unpriced, mayBeLeft] = [0, 0, 0, 0, 0]
  for (const { route, prices } of items) {
    const own = prices.usd.get(route)
    const direct = prices.usd.get('direct')
    if (own === undefined || direct === undefined) {
      unpriced++
      if (!money.allowsUnpriced) mayBeLeft++
      continue
    }
    directUsd += direct
    if (usd + own > left) {
      mayBeLeft++
      continue
    }
    usd += own
    atMostUsd += route === 'batch' || route === '2h' || route === '8h' ? own + direct : direct
  }
  return { usd, atMostUsd: Math.min(atMostUsd, left), directUsd, unpriced, mayBeLeft }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
