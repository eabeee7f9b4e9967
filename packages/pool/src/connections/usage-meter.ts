const WINDOW_MS = 60_000
const SLICES = 12
const SLICE_MS = WINDOW_MS / SLICES

/** Measures the fraction of the allowed connections that was in use over the last minute, as an average over time. */
export class UsageMeter {
  readonly #now: () => number
  // The number of connections in use, and allowed, multiplied by the time in milliseconds; one sum for each slice of the window.
  readonly #usedBySlice = new Float64Array(SLICES)
  readonly #allowedBySlice = new Float64Array(SLICES)
  #used = 0
  #allowed: number
  #countedUntil: number
  #slice: number

  constructor(allowed: number, now: () => number = () => performance.now()) {
    this.#allowed = allowed
    this.#now = now
    this.#countedUntil = now()
    this.#slice = Math.floor(this.#countedUntil / SLICE_MS)
  }

  /** Changes the number of connections in use, from now on. @param change is negative for a decrease */
  use(change: number): void {
    this.#count()
    this.#used += change
  }

  /** Sets the number of connections allowed, from now on. */
  allow(allowed: number): void {
    this.#count()
    this.#allowed = allowed
  }

  /** Returns the fraction of the allowed connections that was in use over the last minute, from 0 to 1. */
  share(): number {
    this.#count()
    const allowed = sum(this.#allowedBySlice)
    return allowed === 0 ? 0 : sum(this.#usedBySlice) / allowed
  }

  #count(): void {
    const now = this.#now()
    let from = Math.max(this.#countedUntil, now - WINDOW_MS)
    while (from < now) {
      const slice = Math.floor(from / SLICE_MS)
      const to = Math.min(now, (slice + 1) * SLICE_MS)
      const index = slice % SLICES
      if (slice !== this.#slice) {
        this.#usedBySlice[index] = this.#allowedBySlice[index] = 0
        this.#slice = slice
      }
      this.#usedBySlice[index] = (this.#usedBySlice[index] ?? 0) + this.#used * (to - from)
      this.#allowedBySlice[index] = (this.#allowedBySlice[index] ?? 0) + this.#allowed * (to - from)
      from = to
    }
    this.#countedUntil = now
  }
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
