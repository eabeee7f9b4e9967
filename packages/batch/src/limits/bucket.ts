export interface BucketOptions {
  /** The number of requests or tokens allowed per window. */
  limit: number
  windowMs: number
  /** The share of the limit that may be used, from 0 to 1. */
  safety: number
  /** The capacity of the bucket, as the time in which an empty bucket becomes full, in milliseconds. */
  burstMs: number
  /** The level of the bucket at the start. A level above the capacity is lowered to it. */
  first: number
}

/** The tolerated rounding error of many refills, as a share of the capacity. */
const ROUNDING = 1e-9

/** The minimum time in which a source fills a bucket, in milliseconds: about a round trip. */
const MIN_FILL_MS = 1

/**
 * A token bucket, which limits requests or tokens. Its level rises steadily up to the capacity, and falls with each request. A request larger than
 * the capacity may start when the bucket is full. The level is then negative, and the next request waits until this debt is refilled. So the requests
 * of any span of time use at most the refill of that time and one full bucket (or one larger request).
 *
 * A bucket whose limit is shared with other processes is filled by a source instead of time (`setShare(0)`), or by time at a share of the limit.
 */
export class Bucket {
  /** Whether the limit was learned from the provider's answers. If false, the user has configured it. */
  readonly learned: boolean
  readonly #options: BucketOptions
  #limit = 0
  #windowMs = 0
  #perMs = 0
  #capacity = 0
  /** The share of the limit that time adds: 1, unless the limit is shared with other processes; 0 while a source fills the bucket. */
  #share = 1
  #refillPerMs = 0
  #refillCapacity = 0
  #level: number
  /** The time of the last refill; in the future during a pause. */
  #at: number
  #taken = 0
  #elsewhere = 0
  /** The sum of the estimates of settled requests. Older requests have less weight in it. */
  #estimated = 0
  /** The sum of the actual usage of the same requests, with the same weights. */
  #used = 0
  /** For a source: the maximum amount that it can add at a time, and this time. */
  #fillable = Infinity
  #fillableAt = -Infinity
  /** For a source: the lowest amount that an answer has reported as left, and when; `Infinity` if there was none. */
  #reported = Infinity
  #reportedAt = 0

  constructor(options: BucketOptions, learned: boolean, now: number) {
    this.learned = learned
    this.#options = options
    this.#at = now
    this.#level = Infinity
    this.resize(options.limit, options.windowMs, now)
    this.#level = Math.min(this.#capacity, options.first)
  }

  get limit(): number {
    return this.#limit
  }

  /** The total amount ever taken, without the amounts that were put back. */
  get taken(): number {
    return this.#taken
  }

  /** The same total, with what other processes took. */
  get takenByAll(): number {
    return this.#taken + this.#elsewhere
  }

  get windowMs(): number {
    return this.#windowMs
  }

  /** The amount that the limit allows per millisecond, after `safety`. */
  get perMs(): number {
    return this.#perMs
  }

  /** The amount that may be used at once after an idle time. */
  get capacity(): number {
    return this.#capacity
  }

  resize(limit: number, windowMs: number, now: number): void {
    if (limit === this.#limit && windowMs === this.#windowMs) return
    this.#refill(now)
    this.#limit = limit
    this.#windowMs = windowMs
    this.#perMs = (limit * this.#options.safety) / windowMs
    this.#capacity = this.#perMs * this.#options.burstMs
    this.#setRefill()
    this.#level = Math.min(this.#level, this.#refillCapacity)
  }

  /** Sets the share of the limit that time adds: 1 at first, 0 if a source fills the bucket. */
  setShare(share: number, now: number): void {
    this.#refill(now)
    this.#share = share
    this.#setRefill()
  }

  #setRefill(): void {
    this.#refillPerMs = this.#perMs * this.#share
    this.#refillCapacity = this.#share === 0 ? this.#capacity : this.#capacity * this.#share
  }

  /**
   * For a source: adds an amount, or removes a negative one.
   *
   * @param fillable the maximum amount that the source can add at `fromMs`; the refill of the limit is added to it later
   * @param fromMs the time before which the source adds nothing
   */
  fill(amount: number, fillable: number, fromMs: number, now: number): void {
    this.#refill(now)
    this.#level += amount
    this.#fillable = fillable
    this.#fillableAt = fromMs
  }

  /** For a source: counts what other processes took. */
  takenElsewhere(amount: number): void {
    this.#elsewhere += amount
  }

  /**
   * For a source: returns the amount that the provider has reported as left, with the refill since; `Infinity` if it has not. Reports since the last
   * call of `clearReported()` count.
   */
  reported(now: number): number {
    return this.#reported + (now - this.#reportedAt) * this.#perMs
  }

  clearReported(): void {
    this.#reported = Infinity
  }

  /** Returns the amount that could be taken now; negative while a debt is being refilled. */
  available(now: number): number {
    this.#refill(now)
    return this.#level
  }

  /**
   * Returns the time at which an amount may be taken, in milliseconds on the clock.
   *
   * @param ahead the amount that other requests will take first
   */
  readyAt(amount: number, now: number, ahead = 0): number {
    this.#refill(now)
    if (this.#share === 0) return this.#filledAt(amount, now, ahead)
    const missing = ahead + Math.min(amount, this.#refillCapacity) - this.#level
    if (missing <= this.#capacity * ROUNDING) return Math.max(now, this.#at)
    return Math.max(now, this.#at) + missing / this.#refillPerMs
  }

  /** The earliest time at which the source can have filled the bucket: as if no other process used anything. */
  #filledAt(amount: number, now: number, ahead: number): number {
    const missing = ahead + Math.min(amount, this.#limit) - this.#level
    if (missing <= this.#limit * ROUNDING) return Math.max(now, this.#at)
    const from = Math.max(now, this.#at, this.#fillableAt)
    const fillable = Math.min(this.#capacity, this.#fillable + (from - this.#fillableAt) * this.#perMs)
    const toFill = ahead + Math.min(amount, this.#capacity) - this.#level - fillable
    return from + Math.max(MIN_FILL_MS, toFill / this.#perMs)
  }

  /** Takes an amount, even if the level becomes negative. */
  take(amount: number, now: number): void {
    this.#refill(now)
    this.#level -= amount
    this.#taken += amount
  }

  /** Puts back an amount that was taken for a request that was not sent. */
  undo(amount: number, now: number): void {
    this.#refill(now)
    this.#taken -= amount
    this.#level = Math.max(this.#level, Math.min(this.#refillCapacity, this.#level + amount))
  }

  /**
   * Replaces the estimate that a request took by its actual usage. The level may then exceed the capacity. If it were limited to the capacity,
   * requests larger than the capacity, which start only when the bucket is full, would get nothing back.
   */
  correct(estimate: number, used: number, now: number): void {
    this.#refill(now)
    this.#estimated = this.#estimated * 0.95 + estimate
    this.#used = this.#used * 0.95 + used
    this.#level += estimate - used
  }

  /**
   * Lowers the level to the amount that the provider says is left. The refill since the request was sent is added to that amount. The amount that
   * later requests took is subtracted, since the provider may not have counted them. The level is never raised, so an old answer cannot give back an
   * amount that was used.
   *
   * @param remaining the amount in the answer
   * @param sent when the request was sent: the total taken by all until then, and the time in milliseconds on the clock
   */
  observe(remaining: number, { taken, atMs }: { taken: number; atMs: number }, now: number): void {
    this.#refill(now)
    const usedPerEstimate = this.#estimated > 0 ? this.#used / this.#estimated : 1
    const since = (this.takenByAll - taken) * usedPerEstimate
    const left = remaining + this.#perMs * Math.max(0, now - atMs) - since
    this.#level = Math.max(-this.#limit, Math.min(this.#level, left))
    if (left < this.reported(now)) {
      this.#reported = Math.max(-this.#limit, left)
      this.#reportedAt = now
    }
  }

  /** Blocks the bucket until a time. Debts are refilled during the pause. After the pause, the level is at most `maximum`. */
  pause(untilMs: number, maximum: number, now: number): void {
    this.#refill(now)
    this.#refill(untilMs)
    this.#level = Math.min(this.#level, maximum)
  }

  /**
   * Adds the refill since the last call, up to the capacity. A level that corrections have raised above the capacity falls at the refill rate
   * instead. Without the correction, the bucket would have been full, and refilling would have added nothing.
   */
  #refill(now: number): void {
    if (now <= this.#at) return
    const refill = (now - this.#at) * this.#refillPerMs
    this.#level =
      this.#level > this.#refillCapacity
        ? Math.max(this.#refillCapacity, this.#level - refill)
        : Math.min(this.#refillCapacity, this.#level + refill)
    this.#at = now
  }
}
