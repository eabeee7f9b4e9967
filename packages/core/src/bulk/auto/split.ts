import type { BulkRoute } from './bulk-plan.ts'
import type { Pace } from './pace.ts'

/** A way to answer a request that takes longer than a direct call, and costs less. */
export type SlowRoute = Exclude<BulkRoute, 'direct'>

/** The requests with the same endpoint and model. */
export interface SplitGroup {
  readonly count: number
  /** The price on each route that the requests can take, as a fraction of the price of a direct call. */
  readonly prices: ReadonlyMap<SlowRoute, number>
}

export interface SplitOptions {
  /** The time until the deadline, in milliseconds. */
  readonly msLeft: number
  readonly pace: Pick<Pace, 'callsMs' | 'fitting' | 'callMs' | 'perMs'>
  /** How long a batch usually takes, in milliseconds. */
  readonly typicalBatchMs: number
}

/** How the requests of a group are divided among the routes. The counts add up to that of the group. */
export type GroupSplit = readonly { readonly route: BulkRoute; readonly count: number }[]

export interface Split {
  /** One for each group, in the same order. */
  readonly groups: readonly GroupSplit[]
  /** The time from now until the requests without an answer are called directly at the latest, in milliseconds. */
  readonly callOverMs: number
}

const HOUR_MS = 3_600_000
const WINDOW_MS = { '2h': 2 * HOUR_MS, '8h': 8 * HOUR_MS } as const
/** A batch is worth the attempt if this part of its usual time is left: what it has not answered by then costs nothing. */
const MIN_BATCH_PART = 0.25
/** How much longer than a direct call a call at the tier `flex` takes, refusals included. */
const FLEX_SLOWNESS = 4
/** The assumed part of the requests at the tier `flex` that are refused until time is up, and are called at the usual price. */
const FLEX_REFUSED = 0.1

/**
 * Divides requests among the routes, so that they cost as little as can be expected and none is late. Requests go to a slower route only if all of
 * them could still be called directly in time, should that route answer none.
 */
export function split(groups: readonly SplitGroup[], options: SplitOptions): Split {
  const { msLeft, pace } = options
  const waiting = groups.reduce((sum, { count, prices }) => sum + (prices.size > 0 ? count : 0), 0)
  const least = Math.min(
    ...groups.flatMap(({ prices }) => [...prices.keys()].map((route) => minMs(route, options))),
  )
  let mayWait = Math.min(waiting, pace.fitting(msLeft - least))
  const callOverMs = Math.max(0, msLeft - pace.callsMs(mayWait))
  let flexLeft = Math.floor((callOverMs * pace.perMs) / FLEX_SLOWNESS)
  const divided = groups.map(({ count, prices }): GroupSplit => {
    const parts: { route: BulkRoute; count: number }[] = []
    let left = prices.size > 0 ? Math.min(count, mayWait) : 0
    for (const { route } of ranked(prices, callOverMs, options)) {
      const taken = route === 'flex' ? Math.min(left, flexLeft) : left
      if (taken === 0) continue
      if (route === 'flex') flexLeft -= taken
      mayWait -= taken
      left -= taken
      parts.push({ route, count: taken })
    }
    const direct = count - parts.reduce((sum, part) => sum + part.count, 0)
    return direct > 0 ? [{ route: 'direct', count: direct }, ...parts] : parts
  })
  return { groups: divided, callOverMs }
}

/** Returns the routes that can be expected to cost less than direct calls, the cheapest first. */
function ranked(
  prices: SplitGroup['prices'],
  ms: number,
  options: SplitOptions,
): readonly { readonly route: SlowRoute; readonly price: number }[] {
  return [...prices]
    .filter(([route]) => ms >= minMs(route, options))
    .map(([route, price]) => ({ route, price: expectedPrice(route, price, ms, options) }))
    .filter(({ price }) => price < 1)
    .sort((one, other) => one.price - other.price)
}

/** Returns the time that a route needs at least to be worth the attempt, in milliseconds. */
function minMs(route: SlowRoute, { typicalBatchMs, pace }: SplitOptions): number {
  if (route === 'batch') return MIN_BATCH_PART * typicalBatchMs
  return route === 'flex' ? FLEX_SLOWNESS * pace.callMs : WINDOW_MS[route]
}

/**
 * Returns the expected price of a request on a route, as a fraction of the price of a direct call. What is not answered in time is called directly,
 * and costs nothing on the route.
 */
function expectedPrice(
  route: SlowRoute,
  price: number,
  ms: number,
  { typicalBatchMs }: SplitOptions,
): number {
  const answered =
    route === 'batch' ? answeredPart(ms, typicalBatchMs) : route === 'flex' ? 1 - FLEX_REFUSED : 1
  return answered * price + 1 - answered
}

/** The part of the requests of batches that is answered within a time: nearly all within a few times the usual duration, and all within a day. */
function answeredPart(ms: number, typicalBatchMs: number): number {
  return ms >= 24 * HOUR_MS ? 1 : 1 - Math.exp(-ms / typicalBatchMs)
}
