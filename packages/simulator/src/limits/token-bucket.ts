/** A token bucket: it starts full, and refills steadily up to its capacity. */
export class TokenBucket {
  readonly capacity: number
  readonly #perMs: number
  #level: number
  #at: number

  constructor(capacity: number, perMs: number, now: number) {
    this.capacity = capacity
    this.#perMs = perMs
    this.#level = capacity
    this.#at = now
  }

  /** Returns the amount that is available now. It is negative after more was taken than the bucket held. */
  available(now: number): number {
    this.#level = Math.min(this.capacity, this.#level + Math.max(0, now - this.#at) * this.#perMs)
    this.#at = now
    return this.#level
  }

  take(amount: number, now: number): void {
    this.#level = this.available(now) - amount
  }

  /**
   * Returns the time until `amount` can be taken, in milliseconds. An amount above the capacity can be taken from a
   * full bucket, whose level is negative after that.
   */
  waitMs(amount: number, now: number): number {
    const missing = Math.min(amount, this.capacity) - this.available(now)
    // Allows for the rounding errors of many refills.
    return missing <= this.capacity * 1e-9 ? 0 : missing / this.#perMs
  }

  /** Returns the time until the bucket is full, in milliseconds. */
  resetMs(now: number): number {
    return (this.capacity - this.available(now)) / this.#perMs
  }
}
