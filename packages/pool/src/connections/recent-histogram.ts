/**
 * Of the last requests, in milliseconds: half took at most `p50`, 19 in 20 at most `p95`, 99 in 100 at most `p99`.
 * Right to within 2.5 %, or to 0.01 ms.
 */
export interface Percentiles {
  p50: number
  p95: number
  p99: number
}

/** All up to here is one bucket, which counts as nothing. */
const LEAST_MS = 0.01
/** Each bucket is so much wider than the one below; its geometric middle is at most 2.5 % off. */
const GROWTH = 1.05
/** Enough for a week. */
const BUCKETS = 512

/**
 * Counts durations in buckets that widen with the value: 2 KB, whatever comes. When a generation is full the one before it
 * is forgotten, so the answer is about the last one to two generations.
 */
export class RecentHistogram {
  readonly #generation: number
  #counts = new Uint16Array(BUCKETS)
  #count = 0
  #countsBefore = new Uint16Array(BUCKETS)
  #countBefore = 0

  constructor(generation = 1_000) {
    this.#generation = generation
  }

  add(ms: number): void {
    if (this.#count === this.#generation) this.#turn()
    const bucket = bucketOf(ms)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count++
  }

  percentiles(): Percentiles | undefined {
    if (this.#count === 0) return undefined
    return { p50: this.#at(0.5), p95: this.#at(0.95), p99: this.#at(0.99) }
  }

  #at(share: number): number {
    let left = Math.ceil(share * (this.#count + this.#countBefore))
    let bucket = -1
    while (left > 0 && ++bucket < BUCKETS - 1)
      left -= (this.#counts[bucket] ?? 0) + (this.#countsBefore[bucket] ?? 0)
    return bucket === 0 ? 0 : LEAST_MS * GROWTH ** (bucket - 0.5)
  }

  #turn(): void {
    const forgotten = this.#countsBefore
    this.#countsBefore = this.#counts
    this.#countBefore = this.#count
    this.#counts = forgotten.fill(0)
    this.#count = 0
  }
}

function bucketOf(ms: number): number {
  if (ms <= LEAST_MS) return 0
  return Math.min(Math.ceil(Math.log(ms / LEAST_MS) / Math.log(GROWTH)), BUCKETS - 1)
}
