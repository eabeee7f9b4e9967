/** How many of the last calls the ratio and the quantiles look at. */
const REMEMBERED = 100
/** How much one call moves the average. */
const WEIGHT = 0.2

/** What is known of one target. Only answers, and failures that advance, count: a wrong request says nothing about a target. */
export class TargetHealth {
  /** Whether it is called when its turn comes, as far as the failures in a row and the health checks say. */
  available = true
  failuresInARow = 0
  /** A moving average of how long answers took, in milliseconds; `undefined` before the first. */
  latencyMs: number | undefined
  /** Of the last failure, or the last health check that failed. */
  lastError: unknown
  /** When the last health check ended, in milliseconds since 1970. */
  lastCheckAt: number | undefined
  /** While it is unavailable: from when one call is let through to see. */
  retryAt = Infinity
  readonly #latencies: number[] = []
  readonly #failed: boolean[] = []
  #answers = 0
  #calls = 0

  /** The part of the last 100 calls that were answered; 1 before the first. */
  get successRatio(): number {
    const failures = this.#failed.filter(Boolean).length
    return this.#failed.length === 0 ? 1 : 1 - failures / this.#failed.length
  }

  /** How many of the last 100 answers the quantiles are made of. */
  get samples(): number {
    return this.#latencies.length
  }

  /**
   * The time within which this part of the last 100 answers came, in milliseconds; `undefined` before the first.
   *
   * @param part above 0, at most 1: 0.95 for the 95th percentile
   */
  quantileMs(part: number): number | undefined {
    const sorted = this.#latencies.toSorted((one, other) => one - other)
    return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(part * sorted.length))) - 1]
  }

  answered(latencyMs: number): void {
    this.#latencies[this.#answers++ % REMEMBERED] = latencyMs
    this.#failed[this.#calls++ % REMEMBERED] = false
    this.#average(latencyMs)
    this.failuresInARow = 0
  }

  failed(error: unknown): void {
    this.#failed[this.#calls++ % REMEMBERED] = true
    this.lastError = error
    this.failuresInARow++
  }

  /** It had not answered after so long, when another target had: how long it would have taken nobody knows. */
  abandoned(afterMs: number): void {
    if (afterMs > (this.latencyMs ?? 0)) this.#average(afterMs)
  }

  #average(latencyMs: number): void {
    const before = this.latencyMs ?? latencyMs
    this.latencyMs = before + WEIGHT * (latencyMs - before)
  }
}
