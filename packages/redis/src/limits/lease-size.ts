import type { Cost } from '@harbor/batch'
import type { SharedLimit } from '@harbor/batch/shared-limits'

/** How much is leased ahead: what is used in this time, in milliseconds. */
const AHEAD_MS = 400
/** The maximum factor by which a process leases more than it has used since its last report. */
const MAX_GROWTH = 8
/** Fewer requests than this are not leased ahead. */
const MIN_AHEAD = 2
/** A lease larger than this multiple of what is needed is given back in part. */
const MAX_SURPLUS = 2

/** The amount that a limit allows for each millisecond, and at once. */
type Rate = Pick<SharedLimit['bucket'], 'perMs' | 'capacity'>

/** What a process wants to hold of one limit. */
export interface LeaseSize {
  /** The minimum, without which the first request cannot start. */
  readonly need: number
  readonly want: number
  /** The maximum: more than this is returned to the bucket. */
  readonly keep: number
}

/** What the requests of a process need. */
export interface Demand {
  /** The request that is to start next; undefined if none waits. */
  readonly first: Cost | undefined
  /** All requests that wait. */
  readonly waiting: Cost & { readonly requests: number }
  /** The number of requests that were started since the last report, and the time since then. */
  readonly started: number
  readonly sinceMs: number
}

/**
 * Returns how much to hold of a limit: what waits, and what is used in the next 400 ms, but at most the member's share of what all may hold ahead. The first waiting request is granted in any case. A process with few requests leases only what it needs.
 *
 * @param recent the amount used since the last report
 */
export function leaseSize(
  limit: SharedLimit,
  { first, waiting, started, sinceMs }: Demand,
  recent: number,
  members: number,
): LeaseSize {
  const { bucket } = limit
  const need = first ? amountFor(limit, first) : 0
  const growth = Math.min(MAX_GROWTH, AHEAD_MS / Math.max(1, sinceMs))
  const soon = started * growth < MIN_AHEAD ? 0 : recent * growth
  const maximum = aheadOf(bucket) / members
  const want = Math.max(need, Math.min(limit.amount(waiting, waiting.requests) + soon, maximum))
  return { need, want, keep: want * MAX_SURPLUS }
}

/** Returns how much of a limit all processes together may hold ahead: what it allows in 400 ms, and half of the burst at most. */
function aheadOf({ perMs, capacity }: Rate): number {
  return Math.min(perMs * AHEAD_MS, capacity / 2)
}

/**
 * Returns the capacity of a bucket in Redis: the burst, without what processes hold ahead. They may use that at the moment at which the bucket is
 * full and grants all that is in it, and the provider must not see more than the burst.
 */
export function sharedCapacity(rate: Rate): number {
  return rate.capacity - aheadOf(rate)
}

/** Returns what a request takes from a limit. An estimate above the limit takes the whole limit and no more. */
export function amountFor(limit: SharedLimit, cost: Cost): number {
  const whole = limit.amount(cost, 1)
  return limit.ofTokens ? Math.min(whole, limit.bucket.limit) : whole
}
