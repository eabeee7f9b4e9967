export interface BucketOptions {
  /** The amount per window. */
  limit: number
  windowMs: number
  /** The share of the limit that is used. */
  safety: number
  /** The burst after a pause, in milliseconds of refill. */
  burstMs: number
  /** The level at the start; at most the burst. */
  first: number
}

/** The relative rounding error of the sum of many refills. */
const ROUNDING = 1e-9

/**
 * A token bucket: it refills steadily, holds one burst, and can be in debt. A request larger than a burst goes when the
 * bucket is full, and the debt is refilled before the next one. So any span of time sees at most its refill and one
 * burst (or one larger request).
 */
export class Bucket {
  /** Whether the limit was learned, not configured. */
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
  /** Estimates and actual usage, with older ones counting less. */
  #estimated = 0
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

  /** The total ever reserved. */
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

  /** The amount that could be taken now. */
  available(now: number): number {
    this.#refill(now)
    return this.#level
  }

  /** When an amount may be taken if `ahead` is taken before it. */
  readyAt(amount: number, now: number, ahead = 0): number {
    this.#refill(now)
    const missing = ahead + Math.min(amount, this.#capacity) - this.#level
    if (missing <= this.#capacity * ROUNDING) return Math.max(now, this.#at)
    return Math.max(now, this.#at) + missing / this.#perMs
  }

  take(amount: number, now: number): void {
    this.#refill(now)
    this.#level -= amount
    this.#taken += amount
  }

  /** Returns an amount that was taken and not sent. */
  undo(amount: number, now: number): void {
    this.#refill(now)
    this.#taken -= amount
    this.#level = Math.max(this.#level, Math.min(this.#capacity, this.#level + amount))
  }

  /**
   * Replaces an estimate by the actual usage. What comes back may exceed the capacity: if it were cut off there,
   * requests larger than a burst, which wait until the bucket is full, would lose all of it.
   */
  correct(estimate: number, used: number, now: number): void {
    this.#refill(now)
    this.#estimated = this.#estimated * 0.95 + estimate
    this.#used = this.#used * 0.95 + used
    this.#level += estimate - used
  }

  /**
   * The provider reported the remaining amount, in an answer to a request sent at `atMs`, when `taken` was the total
   * taken. Since then the bucket has refilled, and requests were reserved that the provider may not have counted. The
   * level is never raised, so an old answer cannot credit what is used up.
   */
  observe(remaining: number, { taken, atMs }: { taken: number; atMs: number }, now: number): void {
    this.#refill(now)
    const usedPerEstimate = this.#estimated > 0 ? this.#used / this.#estimated : 1
    const since = (this.#taken - taken) * usedPerEstimate
    const left = remaining + this.#perMs * Math.max(0, now - atMs) - since
    this.#level = Math.max(-this.#limit, Math.min(this.#level, left))
  }

  /** Nothing goes until then. Debts are refilled during the pause, but the level after it is at most `maximum`. */
  pause(untilMs: number, maximum: number, now: number): void {
    this.#refill(now)
    this.#refill(untilMs)
    this.#level = Math.min(this.#level, maximum)
  }

  /**
   * Refills up to capacity. A surplus from corrections drains at the refill rate, since the bucket would have been full
   * by now anyway.
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
