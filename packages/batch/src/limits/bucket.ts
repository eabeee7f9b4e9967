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

/**
 * A token bucket, which limits requests or tokens. Its level rises steadily up to the capacity, and falls with each request. A request larger than
 * the capacity may start when the bucket is full. The level is then negative, and the next request waits until this debt is refilled. So the requests
 * of any span of time use at most the refill of that time and one full bucket (or one larger request).
 */
export class Bucket {
  /** Whether the limit was learned from the provider's answers. If false, the user has configured it. */
  readonly learned: boolean
  readonly #options: BucketOptions
  #limit = 0
  #windowMs = 0
  #perMs = 0
  #capacity = 0
  #level: number
  /** The time of the last refill; in the future during a pause. */
  #at: number
  #taken = 0
  /** The sum of the estimates of settled requests. Older requests have less weight in it. */
  #estimated = 0
  /** The sum of the actual usage of the same requests, with the same weights. */
  #used = 0

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

  get windowMs(): number {
    return this.#windowMs
  }

  resize(limit: number, windowMs: number, now: number): void {
    if (limit === this.#limit && windowMs === this.#windowMs) return
    this.#refill(now)
    this.#limit = limit
    this.#windowMs = windowMs
    this.#perMs = (limit * this.#options.safety) / windowMs
    this.#capacity = this.#perMs * this.#options.burstMs
    this.#level = Math.min(this.#level, this.#capacity)
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
    const missing = ahead + Math.min(amount, this.#capacity) - this.#level
    if (missing <= this.#capacity * ROUNDING) return Math.max(now, this.#at)
    return Math.max(now, this.#at) + missing / this.#perMs
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
    this.#level = Math.max(this.#level, Math.min(this.#capacity, this.#level + amount))
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
   * @param sent when the request was sent: the total taken by then, and the time in milliseconds on the clock
   */
  observe(remaining: number, { taken, atMs }: { taken: number; atMs: number }, now: number): void {
    this.#refill(now)
    const usedPerEstimate = this.#estimated > 0 ? this.#used / this.#estimated : 1
    const since = (this.#taken - taken) * usedPerEstimate
    const left = remaining + this.#perMs * Math.max(0, now - atMs) - since
    this.#level = Math.max(-this.#limit, Math.min(this.#level, left))
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
    const refill = (now - this.#at) * this.#perMs
    this.#level =
      this.#level > this.#capacity
        ? Math.max(this.#capacity, this.#level - refill)
        : Math.min(this.#capacity, this.#level + refill)
    this.#at = now
  }
}
