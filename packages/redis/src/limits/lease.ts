import type { Cost } from '@harbor/batch'
import type { SharedLimit } from '@harbor/batch/shared-limits'
import { amountFor, sharedCapacity, type LeaseSize } from './lease-size.ts'
import type { Granted } from './refill-wire.ts'

/** The tolerated rounding error, as a share of the limit. */
const ROUNDING = 1e-9

/** The part of a shared limit that this process holds and may use without a round trip. */
export class Lease {
  readonly limit: SharedLimit
  /** The amount that was granted for a time in the future. */
  pending = 0
  /** The total that this process has used: more with each request, less when a request has used less than it had reserved. */
  #total = 0
  /** The total at the last report that Redis has acknowledged. */
  #acknowledged = 0
  /** The level of the bucket when `#total` was last brought up to date. */
  #level = 0
  /** What the last report has sent, until its reply arrives. */
  #reported = { total: 0, level: 0 }
  /** The total at the last report, from which the recent use is computed. */
  #measured = 0
  /** What the bucket in Redis had granted and not refilled at the last reply; undefined before the first reply. */
  #used: { readonly amount: number; readonly atMs: number } | undefined
  /** The total of all processes at the last reply. */
  #ofAll: number | undefined
  /** While cut off: the level at the beginning. */
  #levelAtCut: number | undefined
  /** The amount that was last requested ahead; 0 if only as much as is needed was. */
  #ahead = 0
  #lowMark = -Infinity

  constructor(limit: SharedLimit, now: number) {
    this.limit = limit
    this.#connect(now)
    limit.bucket.fill(-limit.bucket.available(now), Infinity, now, now)
  }

  /** The amount that can be used now. */
  level(now: number): number {
    return this.limit.bucket.available(now)
  }

  /** The level below which more is requested ahead. If little was granted, there was no room for more. */
  get lowMark(): number {
    return this.#lowMark
  }

  /** Whether a request could not start with what is held. */
  lacks(cost: Cost, now: number): boolean {
    return amountFor(this.limit, cost) > this.level(now) + this.limit.bucket.limit * ROUNDING
  }

  /** Whether there is nothing to report: no amount is held or owed. */
  isEmpty(now: number): boolean {
    this.#settle(now)
    return this.#level === 0 && this.pending === 0 && this.#total === this.#acknowledged
  }

  /** Returns what was used since the last report, at least 0. */
  usedSinceReport(now: number): number {
    this.#settle(now)
    return Math.max(0, this.#total - this.#measured)
  }

  /**
   * Returns the numbers of a report, and remembers them until its reply.
   *
   * @param keep the maximum to hold from now on. What is above it is not used any more, even if the reply is lost: Redis may grant it to others at once
   */
  report(
    now: number,
    keep: number,
  ): { readonly total: number; readonly acknowledged: number; readonly seed: number } {
    this.#settle(now)
    if (this.#levelAtCut === undefined) this.#giveBack(this.#level + this.pending - keep, now)
    const cut = this.#levelAtCut === undefined ? 0 : Math.max(0, this.#levelAtCut - this.level(now))
    this.#reported = { total: this.#total + cut, level: this.level(now) }
    this.#measured = this.#total
    return { total: this.#reported.total, acknowledged: this.#acknowledged, seed: this.#usedBy(now) }
  }

  /**
   * Takes over a reply.
   *
   * @param size what was requested
   * @param readyAt when all of what is held can be used; the addition, until then, cannot
   */
  granted({ held, used, ofAll }: Granted, { need, want }: LeaseSize, readyAt: number, now: number): void {
    const { bucket } = this.limit
    const wasCut = this.#levelAtCut !== undefined
    if (!wasCut) this.#settle(now)
    else {
      this.#total = this.#reported.total + Math.max(0, this.#reported.level - this.level(now))
      this.#levelAtCut = undefined
      this.#connect(now)
    }
    const level = this.level(now)
    const owned = held - (this.#total - this.#reported.total)
    // What a process has while it is cut off is not part of what it holds.
    this.pending = readyAt <= now ? 0 : Math.max(0, owned - (wasCut ? 0 : level))
    const own = this.#reported.total - this.#acknowledged
    if (this.#ofAll !== undefined) bucket.takenElsewhere(Math.max(0, ofAll - this.#ofAll - own))
    this.#ofAll = ofAll
    this.#used = { amount: used, atMs: now }
    this.#acknowledged = this.#reported.total
    this.#ahead = want > need ? want : 0
    this.#fill(owned - this.pending - level, readyAt, now)
  }

  /** Adds what was granted for now. */
  pour(now: number): void {
    this.#settle(now)
    const amount = this.pending
    this.pending = 0
    this.#fill(amount, now, now)
  }

  /** The lease has expired in Redis: what is left of it belongs to the other processes. */
  expire(now: number): void {
    this.#settle(now)
    this.pending = 0
    this.#fill(-Math.max(0, this.#level), now, now)
  }

  /** Without Redis, time adds the share of one of `members` processes. It begins with its share of what was left. */
  cutOff(members: number, now: number): void {
    if (this.#levelAtCut !== undefined) return
    this.#settle(now)
    const { bucket } = this.limit
    this.pending = 0
    bucket.fill(this.#roomAt(now) / members, Infinity, now, now)
    bucket.setShare(1 / members, now)
    this.#levelAtCut = this.level(now)
  }

  /** The limit is not shared any more: it has become a guess. */
  release(now: number): void {
    this.limit.bucket.setShare(1, now)
  }

  #giveBack(amount: number, now: number): void {
    if (amount <= 0) return
    const ofPending = Math.min(this.pending, amount)
    this.pending -= ofPending
    this.#fill(ofPending - amount, now, now)
  }

  #connect(now: number): void {
    this.limit.bucket.setShare(0, now)
  }

  #fill(amount: number, fromMs: number, now: number): void {
    const { bucket } = this.limit
    bucket.fill(amount, this.#roomAt(fromMs) + this.pending, fromMs, now)
    this.#level = bucket.available(now)
    this.#lowMark = this.#ahead > 0 ? Math.min(this.#ahead, this.#level) / 2 : -Infinity
  }

  /** Adds what the bucket has lost since the last time to the total that was used. */
  #settle(now: number): void {
    if (this.#levelAtCut !== undefined) return
    const level = this.level(now)
    this.#total += this.#level - level
    this.#level = level
  }

  /** Returns what the bucket in Redis has left to grant, as far as this process knows. */
  #roomAt(now: number): number {
    return Math.max(0, sharedCapacity(this.limit.bucket) - this.#usedBy(now))
  }

  /** Returns what the bucket in Redis has granted and not refilled, as far as this process knows. A new limit has room for one request, or for all tokens. */
  #usedBy(now: number): number {
    const { bucket, kind } = this.limit
    if (!this.#used) return kind === 'requests' ? Math.max(0, sharedCapacity(bucket) - 1) : 0
    return Math.max(0, this.#used.amount - (now - this.#used.atMs) * bucket.perMs)
  }
}
