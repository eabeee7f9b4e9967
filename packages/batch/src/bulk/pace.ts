const BUCKET_MS = 5_000
const BUCKETS = 12

/** How many results came within the last minute, in buckets of five seconds. */
export class Pace {
  readonly #counts = new Uint32Array(BUCKETS)
  readonly #startedAtMs: number
  /** The bucket of the latest result: buckets are counted since 1970. */
  #latest: number

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs
    this.#latest = bucketOf(nowMs)
  }

  note(nowMs: number): void {
    const bucket = this.#forget(nowMs) % BUCKETS
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  /** Results in a minute; before the first is over, as many as it would be at this pace. */
  perMinute(nowMs: number): number {
    const latest = this.#forget(nowMs)
    const sinceMs = Math.max(this.#startedAtMs, (latest - BUCKETS + 1) * BUCKET_MS)
    const count = this.#counts.reduce((sum, each) => sum + each, 0)
    return nowMs > sinceMs ? (count * 60_000) / (nowMs - sinceMs) : 0
  }

  /** Empties the buckets that are too old. @returns the bucket of now */
  #forget(nowMs: number): number {
    const bucket = bucketOf(nowMs)
    if (bucket - this.#latest >= BUCKETS) this.#counts.fill(0)
    else for (let at = this.#latest + 1; at <= bucket; at++) this.#counts[at % BUCKETS] = 0
    this.#latest = Math.max(this.#latest, bucket)
    return this.#latest
  }
}

function bucketOf(nowMs: number): number {
  return Math.floor(nowMs / BUCKET_MS)
}
