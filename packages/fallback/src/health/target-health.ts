/** How many of the last calls the success ratio is computed from, and how many of the last answers the quantiles are computed from. */
const WINDOW = 100
/** The weight of the newest answer in the moving average of the latency. */
const WEIGHT = 0.2

/**
 * The health of one target. Counts answers, and failures after which the next target was called. An error that ends the run, such
 * as an invalid request, is not counted, because it says nothing about the target.
 */
export class TargetHealth {
  /**
   * Whether the target is available. Failures in a row and health checks decide this. Not used if the chain has the option
   * `isAvailable`.
   */
  available = true
  failuresInARow = 0
  /** The moving average of the time that answers take, in milliseconds; `undefined` before the first answer. */
  latencyMs: number | undefined
  /** The error of the last failure, or of the last health check that failed. */
  lastError: unknown
  /** When the last health check ended, in milliseconds since 1970. */
  lastCheckAt: number | undefined
  /** When an unavailable target gets the next call that finds out whether it works again, in milliseconds since 1970. */
  retryAt = Infinity
  readonly #latencies: number[] = []
  readonly #failed: boolean[] = []
  #answers = 0
  #calls = 0

  /** The share of the last 100 calls that were answered, from 0 to 1; 1 before the first call. */
  get successRatio(): number {
    const failures = this.#failed.filter(Boolean).length
    return this.#failed.length === 0 ? 1 : 1 - failures / this.#failed.length
  }

  /** How many answers the quantiles are computed from, at most 100. */
  get samples(): number {
    return this.#latencies.length
  }

  /**
   * Returns the time within which this share of the last 100 answers arrived, in milliseconds; `undefined` before the first.
   *
   * @param share above 0, at most 1: 0.95 for the 95th percentile
   */
  quantileMs(share: number): number | undefined {
    const sorted = this.#latencies.toSorted((one, other) => one - other)
    return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length))) - 1]
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

  /**
   * Records an attempt that was aborted because another target answered. Its latency is not known, but longer than `afterMs`
   * milliseconds, so it can only raise the average.
   */
  abandoned(afterMs: number): void {
    if (afterMs > (this.latencyMs ?? 0)) this.#average(afterMs)
  }

  #average(latencyMs: number): void {
    const before = this.latencyMs ?? latencyMs
    this.latencyMs = before + WEIGHT * (latencyMs - before)
  }
}
