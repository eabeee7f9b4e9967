/** Percentiles of the durations of recent requests, in milliseconds. The error of a value is at most 2.5 %, or 0.01 ms. */
export interface Percentiles {
  /** The median, in milliseconds: half of the requests took at most this long. */
  p50: number
  /** 95 % of the requests took at most this long, in milliseconds. */
  p95: number
  /** 99 % of the requests took at most this long, in milliseconds. */
  p99: number
}

/** The upper limit of the first bucket, in milliseconds. Durations up to this limit are reported as 0. */
const MIN_MS = 0.01
/**
 * The ratio between the upper limits of two neighbouring buckets. A duration is reported as the geometric mean of its bucket, which is at
 * most 2.5 % off.
 */
const GROWTH = 1.05
/** The number of buckets, enough for durations up to a week. */
const BUCKETS = 512

/**
 * Counts durations in buckets whose sizes grow exponentially, in a constant 2 KB of memory. The durations are counted in generations of
 * equal size. When a generation is full, the one before it is discarded, so percentiles cover the current and the previous generation.
 */
export class RecentHistogram {
  readonly #generationSize: number
  #counts = new Uint16Array(BUCKETS)
  #count = 0
  #countsBefore = new Uint16Array(BUCKETS)
  #countBefore = 0

  /** @param generationSize the number of durations in one generation */
  constructor(generationSize = 1_000) {
    this.#generationSize = generationSize
  }

  add(ms: number): void {
    if (this.#count === this.#generationSize) this.#startGeneration()
    const bucket = bucketOf(ms)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count++
  }

  percentiles(): Percentiles | undefined {
    if (this.#count === 0) return undefined
    return { p50: this.#percentile(0.5), p95: this.#percentile(0.95), p99: this.#percentile(0.99) }
  }

  #percentile(share: number): number {
    let left = Math.ceil(share * (this.#count + this.#countBefore))
    let bucket = -1
    while (left > 0 && ++bucket < BUCKETS - 1)
      left -= (this.#counts[bucket] ?? 0) + (this.#countsBefore[bucket] ?? 0)
    return bucket === 0 ? 0 : MIN_MS * GROWTH ** (bucket - 0.5)
  }

  #startGeneration(): void {
    const discarded = this.#countsBefore
    this.#countsBefore = this.#counts
    this.#countBefore = this.#count
    this.#counts = discarded.fill(0)
    this.#count = 0
  }
}

function bucketOf(ms: number): number {
  if (ms <= MIN_MS) return 0
  return Math.min(Math.ceil(Math.log(ms / MIN_MS) / Math.log(GROWTH)), BUCKETS - 1)
}
