/** The number of last calls that the ratio and the quantiles are computed from. */
const WINDOW = 100
/** The weight of the newest call in the moving average. */
const WEIGHT = 0.2

/** The health of one target. Only answers and failures that advance count: an invalid request says nothing about a target. */
export class TargetHealth {
  /** Whether it is called when it is its turn, by the failures in a row and the health checks. */
  available = true
  failuresInARow = 0
  /** The moving average of the time that answers take, in milliseconds; `undefined` before the first. */
  latencyMs: number | undefined
  /** The error of the last failure, or of the last health check that failed. */
  lastError: unknown
  /** When the last health check ended, in milliseconds since 1970. */
  lastCheckAt: number | undefined
  /** While it is unavailable: when the next call is let through, to find out whether the target works. */
  retryAt = Infinity
  readonly #latencies: number[] = []
  readonly #failed: boolean[] = []
  #answers = 0
  #calls = 0

  /** The share of the last 100 calls that were answered; 1 before the first. */
  get successRatio(): number {
    const failures = this.#failed.filter(Boolean).length
    return this.#failed.length === 0 ? 1 : 1 - failures / this.#failed.length
  }

  /** How many answers the quantiles are computed from, at most 100. */
  get samples(): number {
    return this.#latencies.length
  }

  /**
   * The time within which this share of the last 100 answers came, in milliseconds; `undefined` before the first.
   *
   * @param part above 0, at most 1: 0.95 for the 95th percentile
   */
  quantileMs(part: number): number | undefined {
    const sorted = this.#latencies.toSorted((one, other) => one - other)
    return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(part * sorted.length))) - 1]
  }

  answered(latencyMs: number): void {
    this.#latencies[this.#answers++ % WINDOW] = latencyMs
    this.#failed[this.#calls++ % WINDOW] = false
    this.#average(latencyMs)
    this.failuresInARow = 0
  }

  failed(error: unknown): void {
    this.#failed[this.#calls++ % WINDOW] = true
    this.lastError = error
    this.failuresInARow++
  }

  /** It was abandoned after this time, since another target answered. Its own time is unknown, but at least this long. */
  abandoned(afterMs: number): void {
    if (afterMs > (this.latencyMs ?? 0)) this.#average(afterMs)
  }

  #average(latencyMs: number): void {
    const before = this.latencyMs ?? latencyMs
    this.latencyMs = before + WEIGHT * (latencyMs - before)
  }
}
