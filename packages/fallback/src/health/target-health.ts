/** The number of latest calls from which the success ratio is computed, and of latest answers for the quantiles. */
const WINDOW = 100
/** The weight of the newest answer in the moving average of the latency. */
const WEIGHT = 0.2

/**
 * The health of one target. Answers count, and so do failures after which another target was called. An error that ends the run, such as an
 * invalid request, does not count, because it says nothing about the target.
 */
export class TargetHealth {
  /**
   * Whether the target is available. It becomes unavailable after failures in a row, and available again after a health check
   * or a call succeeds. Not used if the chain has the option `isAvailable`.
   */
  available = true
  /** The number of counted failures since the last answer or recovery. */
  failuresInARow = 0
  /**
   * The moving average of the duration of answers, in milliseconds, in which the newest answer weighs 20 %. A call that was given up because a hedge answered counts if it raises the average.
   * `undefined` before the first of these.
   */
  latencyMs: number | undefined
  /** The error of the last failure, or of the last health check that failed. It stays after a recovery; `undefined` before the first one. */
  lastError: unknown
  /** When the last health check ended, in milliseconds since 1970; `undefined` before the first. */
  lastCheckAt: number | undefined
  /**
   * When the target may be called again to find out whether it works, in milliseconds since 1970. Has a meaning only while `available` is false, no
   * health checks run, and the chain has no option `isAvailable`. `Infinity` until the target first becomes unavailable; a recovery does not reset it.
   */
  retryAt = Infinity
  readonly #latencies: number[] = []
  readonly #failed: boolean[] = []
  #answers = 0
  #calls = 0

  /** The share of the last 100 calls that were answered, from 0 to 1. Abandoned and skipped attempts are left out. 1 before the first call. */
  get successRatio(): number {
    const failures = this.#failed.filter(Boolean).length
    return this.#failed.length === 0 ? 1 : 1 - failures / this.#failed.length
  }

  /** The number of answers from which the quantiles are computed, at most 100. */
  get samples(): number {
    return this.#latencies.length
  }

  /**
   * Returns a quantile of the durations of the last 100 answers, in milliseconds; `undefined` before the first answer.
   *
   * @param share the share of answers that took at most this long: above 0, at most 1, such as 0.95 for the 95th percentile
   */
  quantileMs(share: number): number | undefined {
    const sorted = this.#latencies.toSorted((one, other) => one - other)
    return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length))) - 1]
  }

  /** Records an answer that took `latencyMs` milliseconds, which ends the failures in a row. The chain calls it. */
  answered(latencyMs: number): void {
    this.#latencies[this.#answers++ % WINDOW] = latencyMs
    this.#failed[this.#calls++ % WINDOW] = false
    this.#average(latencyMs)
    this.failuresInARow = 0
  }

  /** Records a failure with its error. The chain calls it, and then decides about `available`. */
  failed(error: unknown): void {
    this.#failed[this.#calls++ % WINDOW] = true
    this.lastError = error
    this.failuresInARow++
  }

  /**
   * Records an attempt that was aborted after `afterMs` milliseconds because another target answered. Its real latency is longer than
   * `afterMs`, so this record can raise the average latency, but not lower it.
   */
  abandoned(afterMs: number): void {
    if (afterMs > (this.latencyMs ?? 0)) this.#average(afterMs)
  }

  #average(latencyMs: number): void {
    const before = this.latencyMs ?? latencyMs
    this.latencyMs = before + WEIGHT * (latencyMs - before)
  }
}
