/** The bounds of the offset, in tokens, and of the factor. Usage outside these bounds is regarded as an error of the server. */
const MAX_OFFSET = 32_768
const MIN_FACTOR = 0.25
const MAX_FACTOR = 4
/**
 * The bounds of the factor for output. They are wide, since the estimate is either the output limit of the request, of which an answer may
 * use little, or a typical length, of which some models use many times as much.
 */
const MIN_OUTPUT_FACTOR = 0.02
const MAX_OUTPUT_FACTOR = 16
/** The weight of the latest answer. A correction follows about the last ten answers. */
const WEIGHT = 0.1
/** The least standard deviation of the estimates, as a fraction of their mean, for which a factor can be learned. */
const MIN_SPREAD = 0.25

/**
 * Corrects estimates of input tokens from reported usage by linear regression: an offset, such as a hidden system prompt or the
 * frame around messages, and a factor, since tokenizers differ. Both are clamped, so that short requests do not lead to absurd estimates
 * of long ones.
 */
export class InputCorrection {
  #estimated: number | undefined
  #used = 0
  #variance = 0
  #covariance = 0

  /** The corrected estimate, in tokens. */
  of(estimate: number): number {
    const { offset, factor } = this.#line()
    return Math.ceil(offset + factor * estimate)
  }

  /** Learns from one answer. Ignores usage that no correction within the bounds explains. @param used the reported usage, in tokens */
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

/** Corrects estimates of output tokens from reported usage by a factor. */
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
