/**
 * How often predictions came true lately. A prediction is open until its key is asked for, or for so long; there is no timer, those
 * whose time is over are counted when somebody looks.
 */
export class Precision {
  /** Open predictions, oldest first. */
  readonly #open = new Map<string, number>()
  /** The last outcomes, oldest first. */
  readonly #outcomes: boolean[] = []
  readonly #windowMs: number

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  predicted(key: string, now: number): void {
    this.#open.delete(key)
    this.#open.set(key, now)
    // What is pushed out has had its time among so many.
    const [oldest] = this.#open.keys()
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#settle(oldest, false)
  }

  asked(key: string): void {
    if (this.#open.has(key)) this.#settle(key, true)
  }

  /** Counts those as wrong whose time is over. */
  expire(now: number): void {
    for (const [key, at] of this.#open) {
      if (now - at < this.#windowMs) return
      this.#settle(key, false)
    }
  }

  isOpen(key: string): boolean {
    return this.#open.has(key)
  }

  /** From 0 to 1; undefined as long as too few are settled to say. */
  get ratio(): number | undefined {
    if (this.#outcomes.length < FEWEST_TO_JUDGE) return undefined
    return this.#outcomes.filter(Boolean).length / this.#outcomes.length
  }

  #settle(key: string, useful: boolean): void {
    this.#open.delete(key)
    this.#outcomes.push(useful)
    if (this.#outcomes.length > MOST_OUTCOMES) this.#outcomes.shift()
  }
}

const MOST_OPEN = 1_000
const MOST_OUTCOMES = 100
const FEWEST_TO_JUDGE = 20
