export interface BucketOptions {
  /** How much in one window. */
  limit: number
  windowMs: number
  /** The share of the limit that is used. */
  safety: number
  /** How much of a pause can be made up for at once. */
  burstMs: number
  /** What there is at the beginning and after a pause; never more than the burst. */
  first: number
}

// What sums of many refills are off.
const DUST = 1e-9

/**
 * A token bucket: it refills steadily, holds one burst, and can be in debt. What costs more than a burst goes when the bucket is full, and
 * the debt is worked off before the next. So any span of time sees at most its refill and one burst (or one larger request).
 */
export class Bucket {
  /** It was not configured. */
  readonly learned: boolean
  readonly #options: BucketOptions
  #limit = 0
  #windowMs = 0
  #perMs = 0
  #capacity = 0
  #level: number
  /** Up to when it has been refilled; in the future during a pause. */
  #at: number
  #taken = 0
  /** Estimates and what came of them, the older the fainter. */
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

  /** All that was ever reserved. */
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

  /** What could be taken now. */
  available(now: number): number {
    this.#refill(now)
    return this.#level
  }

  /** When so much may be taken, if `ahead` is taken before it. */
  readyAt(amount: number, now: number, ahead = 0): number {
    this.#refill(now)
    const missing = ahead + Math.min(amount, this.#capacity) - this.#level
    if (missing <= this.#capacity * DUST) return Math.max(now, this.#at)
    return Math.max(now, this.#at) + missing / this.#perMs
  }

  take(amount: number, now: number): void {
    this.#refill(now)
    this.#level -= amount
    this.#taken += amount
  }

  /** What was taken, and then not sent. */
  undo(amount: number, now: number): void {
    this.#refill(now)
    this.#taken -= amount
    this.#level = Math.max(this.#level, Math.min(this.#capacity, this.#level + amount))
  }

  /**
   * What was taken on an estimate has cost something else. What comes back may stand above the capacity: were it cut off there,
   * requests larger than a burst, which wait until the bucket is full, would lose all of it.
   */
  correct(estimate: number, used: number, now: number): void {
    this.#refill(now)
    this.#estimated = this.#estimated * 0.95 + estimate
    this.#used = this.#used * 0.95 + used
    this.#level += estimate - used
  }

  /**
   * The provider said what was left, in an answer to what was sent at `atMs`, when so much was `taken`. Since then it has refilled, and some has been
   * reserved that it may not have known of. This never gives anything back, so an old answer cannot credit what is gone.
   */
  observe(remaining: number, { taken, atMs }: { taken: number; atMs: number }, now: number): void {
    this.#refill(now)
    const usedPerEstimate = this.#estimated > 0 ? this.#used / this.#estimated : 1
    const since = (this.#taken - taken) * usedPerEstimate
    const left = remaining + this.#perMs * Math.max(0, now - atMs) - since
    this.#level = Math.max(-this.#limit, Math.min(this.#level, left))
  }

  /** Nothing goes until then; debts are worked off, but no more than `rest` comes together. */
  pause(untilMs: number, rest: number, now: number): void {
    this.#refill(now)
    this.#refill(untilMs)
    this.#level = Math.min(this.#level, rest)
  }

  /** It fills up to its capacity. What corrections have put on top is used up first by time: it would have filled up without them. */
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
