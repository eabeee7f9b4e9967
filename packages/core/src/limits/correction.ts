/** Beyond these a report says more about its sender than about the model. */
const MAX_OFFSET = 32_768
const MIN_FACTOR = 0.25
const MAX_FACTOR = 4
/** An estimate of output is its bound, of which little may be used, or the usual, of which some models use many times as much. */
const MIN_OUTPUT_FACTOR = 0.02
const MAX_OUTPUT_FACTOR = 16
/** A correction follows about the last ten answers. */
const WEIGHT = 0.1
/** The estimates must differ by this part of their mean before anything can be told from how the usage differs. */
const MIN_SPREAD = 0.25

/**
 * What a model's input has more than was estimated: an offset, such as a hidden system prompt or the frame around messages, and a
 * factor, since every tokenizer cuts texts in its own way. Both are clamped, so that short requests say nothing absurd about long
 * ones.
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

  /** Learns from one answer, unless what it reports is beyond what corrections can be. */
  learn(estimate: number, used: number): void {
    if (!(used > 0 && used <= MAX_OFFSET + MAX_FACTOR * estimate)) return
    // Before the first answer the estimates are taken for right.
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

/** How much of its bound a model's output uses, or how many times as much as usual. */
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

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
