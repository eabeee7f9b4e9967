/**
 * The count, mean, percentiles and maximum of a distribution. All values but `count` are in the unit of the field that contains them, mostly
 * milliseconds. Percentiles are accurate to within 5 %.
 */
export interface Quantiles {
  /** The number of values in the distribution, at least 1. */
  readonly count: number
  /** The arithmetic mean, exact, in the unit of the field that contains it. */
  readonly mean: number
  /** The median, in the unit of the field that contains it: half of the values are at most this large. */
  readonly p50: number
  /** The 95th percentile, in the unit of the field that contains it: 95 % of the values are at most this large. */
  readonly p95: number
  /** The 99th percentile, in the unit of the field that contains it: 99 % of the values are at most this large. */
  readonly p99: number
  /** The largest value, exact, in the unit of the field that contains it. */
  readonly max: number
}

/** The ratio of the widths of adjacent buckets. It makes percentiles accurate to within 5 %. */
const GROWTH = 1.1
/** The number of buckets, enough for durations of four days. */
const BUCKETS = 256

/** Counts durations, in milliseconds, in buckets of growing width. Takes constant memory, and constant time for each duration. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS)
  #count = 0
  #sum = 0
  #max = 0

  record(ms: number): void {
    const bucket = ms <= 0.01 ? 0 : Math.ceil(Math.log(ms / 0.01) / Math.log(GROWTH))
    const index = Math.min(Math.max(bucket, 0), BUCKETS - 1)
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1
    this.#count++
    this.#sum += ms
    this.#max = Math.max(this.#max, ms)
  }

  /** The largest recorded duration, exact; 0 before the first one. */
  get max(): number {
    return this.#max
  }

  /** Adds the counts of another histogram. */
  add(other: Histogram): void {
    for (const [index, count] of other.#buckets.entries()) {
      if (count > 0) this.#buckets[index] = (this.#buckets[index] ?? 0) + count
    }
    this.#count += other.#count
    this.#sum += other.#sum
    this.#max = Math.max(this.#max, other.#max)
  }

  read(): Quantiles | undefined {
    if (this.#count === 0) return undefined
    return {
      count: this.#count,
      mean: this.#sum / this.#count,
      p50: this.#quantile(0.5),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
      max: this.#max,
    }
  }

  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share)
    for (const [index, count] of this.#buckets.entries()) {
      left -= count
      if (left <= 0) return Math.min(0.01 * GROWTH ** (index - 0.5), this.#max)
    }
    return this.#max
  }
}
