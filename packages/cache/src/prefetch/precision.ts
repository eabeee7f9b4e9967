/**
 * Measures which fraction of predictions comes true. A prediction is open at first. It comes true if its key is requested within
 * `windowMs` milliseconds, and is wrong otherwise. There is no timer: call `expire()` to count the open predictions whose time is over as
 * wrong.
 */
export class Precision {
  /** The time at which each open prediction was made, by key, oldest first; in milliseconds since 1970. */
  readonly #open = new Map<string, number>()
  /** For each of the last 100 predictions that are no longer open: whether it came true; oldest first. */
  readonly #outcomes: boolean[] = []
  readonly #windowMs: number

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  predicted(key: string, now: number): void {
    this.#open.delete(key)
    this.#open.set(key, now)
    // Evicting the oldest open prediction counts it as wrong.
    const [oldest] = this.#open.keys()
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#settle(oldest, false)
  }

  requested(key: string): void {
    if (this.#open.has(key)) this.#settle(key, true)
  }

  /** Counts the open predictions whose time is over as wrong. */
  expire(now: number): void {
    for (const [key, at] of this.#open) {
      if (now - at < this.#windowMs) return
      this.#settle(key, false)
    }
  }

  isOpen(key: string): boolean {
    return this.#open.has(key)
  }

  /** The fraction of the last 100 predictions that came true, from 0 to 1; undefined before 20 have come true or turned out wrong. */
  get ratio(): number | undefined {
    if (this.#outcomes.length < MIN_OUTCOMES) return undefined
    return this.#outcomes.filter(Boolean).length / this.#outcomes.length
  }

  #settle(key: string, useful: boolean): void {
    this.#open.delete(key)
    this.#outcomes.push(useful)
    if (this.#outcomes.length > MAX_OUTCOMES) this.#outcomes.shift()
  }
}

const MAX_OPEN = 1_000
const MAX_OUTCOMES = 100
const MIN_OUTCOMES = 20
