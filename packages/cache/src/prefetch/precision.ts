/**
 * Measures which fraction of predictions comes true: the predicted key is requested within `windowMs` milliseconds. Until the request, or
 * the end of that time, a prediction is open. There is no timer: expired predictions are counted as wrong by the next call of `expire()`.
 */
export class Precision {
  /** The time of each open prediction by key, oldest first. */
  readonly #open = new Map<string, number>()
  /** Whether each of the last predictions came true, oldest first. */
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

  /** Counts expired predictions as wrong. */
  expire(now: number): void {
    for (const [key, at] of this.#open) {
      if (now - at < this.#windowMs) return
      this.#settle(key, false)
    }
  }

  isOpen(key: string): boolean {
    return this.#open.has(key)
  }

  /** The fraction of the last 100 predictions that came true, from 0 to 1; undefined before the 20th. */
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
