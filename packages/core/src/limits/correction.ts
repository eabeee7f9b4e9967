/** The maximum number of tokens that the correction adds to an estimate of input tokens. */
const MAX_OFFSET = 32_768
/** The minimum factor by which a correction multiplies an estimate of input tokens. */
const MIN_FACTOR = 0.25
/** The maximum factor by which a correction multiplies an estimate of input tokens. */
const MAX_FACTOR = 4
/**
 * The minimum factor by which the correction multiplies an estimate of output tokens. It is small because the estimate may be the output
 * limit of the request, and an answer may use only a small part of it.
 */
const MIN_OUTPUT_FACTOR = 0.02
/**
 * The maximum factor by which the correction multiplies an estimate of output tokens. It is large because the estimate may be a typical
 * length, and some models write far more than that.
 */
const MAX_OUTPUT_FACTOR = 16
/** The weight of the latest answer in the moving averages of a correction. With this weight, about the last ten answers count. */
const WEIGHT = 0.1
/**
 * The minimum standard deviation of the estimates, as a fraction of their mean, for a factor to be learned. If the estimates are nearly
 * equal, they do not show whether an offset or a factor is needed.
 */
const MIN_SPREAD = 0.25

/**
 * Corrects estimates of input tokens, by linear regression over the reported usage. It learns an offset, such as the length of a hidden
 * system prompt, and a factor, because tokenizers differ. Both have limits, so that what is learned from short requests does not lead to
 * absurd estimates for long ones.
 */
export class InputCorrection {
  #estimated: number | undefined
  #used = 0
  #variance = 0
  #covariance = 0

  /** Returns the corrected estimate, in tokens. */
  of(estimate: number): number {
    const { offset, factor } = this.#line()
    return Math.ceil(offset + factor * estimate)
  }

  /**
   * Learns from the usage that one answer reports. Ignores a usage that is higher than the maximum offset and factor can explain, because
   * it is probably an error of the server.
   * @param estimate the uncorrected estimate for the request, in tokens
   * @param used the reported usage, in tokens
   */
  learn(estimate: number, used: number): void {
    if (!(used > 0 && used <= MAX_OFFSET + MAX_FACTOR * estimate)) return
    // Start from the assumption that estimates are right.
    const mean = (this.#estimated ??= estimate)
    if (this.#used === 0) this.#used = estimate
    const byEstimate = estimate - mean
    const byUse = used - this.#used
    this.#estimated = mean + WEIGHT * byEstimate
    this.#used += WEIGHT * byUse
    this.#variance = (1 - WEIGHT) * (this.#variance + WEIGHT * byEstimate * byEstimate)
    this.#covariance = (1 - WEIGHT) * (this.#covariance + WEIGHT * byEstimate * byUse)
  }

  #line(): { offset: number; factor: number } {
    const mean = this.#estimated
    if (mean === undefined) return { offset: 0, factor: 1 }
    const isSpread = this.#variance > (MIN_SPREAD * mean) ** 2
    const slope = isSpread ? clamp(this.#covariance / this.#variance, MIN_FACTOR, MAX_FACTOR) : 1
    const offset = this.#used - slope * mean
    if (offset >= 0) return { offset: Math.min(offset, MAX_OFFSET), factor: slope }
    return { offset: 0, factor: clamp(this.#used / mean, MIN_FACTOR, MAX_FACTOR) }
  }
}

/** Corrects estimates of output tokens by a factor, which it learns from the reported usage. */
export class OutputCorrection {
  #factor = 1

  of(estimate: number): number {
    return Math.ceil(this.#factor * estimate)
  }

  learn(estimate: number, used: number): void {
    if (!(used >= 0 && used <= MAX_OUTPUT_FACTOR * estimate) || estimate === 0) return
    const moved = this.#factor + WEIGHT * (used / estimate - this.#factor)
    this.#factor = clamp(moved, MIN_OUTPUT_FACTOR, MAX_OUTPUT_FACTOR)
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}
