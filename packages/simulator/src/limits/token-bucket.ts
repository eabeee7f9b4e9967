/** A bucket that refills steadily up to its capacity. It starts full. */
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

  /** The amount available now; negative while there is a debt. */
  available(now: number): number {
    this.#level = Math.min(this.capacity, this.#level + Math.max(0, now - this.#at) * this.#perMs)
    this.#at = now
    return this.#level
  }

  take(amount: number, now: number): void {
    this.#level = this.available(now) - amount
  }

  /**
   * The time until this amount can be taken, in milliseconds. An amount above the capacity can be taken when the bucket
   * is full, and leaves a debt.
   */
  waitMs(amount: number, now: number): number {
    const missing = Math.min(amount, this.capacity) - this.available(now)
    // Allows for the rounding errors of many refills.
    return missing <= this.capacity * 1e-9 ? 0 : missing / this.#perMs
  }

  /** The time until the bucket is full, in milliseconds. */
  resetMs(now: number): number {
    return (this.capacity - this.available(now)) / this.#perMs
  }
}
