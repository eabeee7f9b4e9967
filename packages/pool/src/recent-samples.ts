/** Of the last requests, in milliseconds: half took at most `p50`, 19 in 20 at most `p95`. */
export interface Percentiles {
  p50: number
  p95: number
}

/** The last durations, in a ring. */
export class RecentSamples {
  readonly #ring: number[] = []
  readonly #size: number
  #next = 0

  constructor(size = 256) {
    this.#size = size
  }

  add(sample: number): void {
    this.#ring[this.#next] = sample
    this.#next = (this.#next + 1) % this.#size
  }

  percentiles(): Percentiles | undefined {
    if (this.#ring.length === 0) return undefined
    const sorted = this.#ring.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    return { p50: at(0.5), p95: at(0.95) }
  }
}
