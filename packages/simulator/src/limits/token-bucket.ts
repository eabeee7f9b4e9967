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

  /** What can be taken now; below 0 while a debt is being worked off. */
  available(now: number): number {
    this.#level = Math.min(this.capacity, this.#level + Math.max(0, now - this.#at) * this.#perMs)
    this.#at = now
    return this.#level
  }

  take(amount: number, now: number): void {
    this.#level = this.available(now) - amount
  }

  /** Milliseconds until so much can be taken. What is more than the bucket holds waits until it is full, and leaves a debt. */
  waitMs(amount: number, now: number): number {
    const missing = Math.min(amount, this.capacity) - this.available(now)
    // A sum of many refills is a little off.
    return missing <= this.capacity * 1e-9 ? 0 : missing / this.#perMs
  }

  /** Milliseconds until it is full. */
  resetMs(now: number): number {
    return (this.capacity - this.available(now)) / this.#perMs
  }
}
