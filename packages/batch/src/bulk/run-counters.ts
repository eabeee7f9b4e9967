import type { BulkOptions } from './bulk-options.ts'
import type { BulkProgress, BulkSummary } from './bulk-run.ts'

interface Tokens {
  readonly input: number
  readonly output: number
}

/** The counters of a run. `queued` and `inFlight` are derived from the others, so the sum in `BulkProgress` always holds. */
export class RunCounters {
  read = 0
  /** Items started. */
  started = 0
  ok = 0
  failed = 0
  skipped = 0
  /** Items that get no result: started ones, and ones that were still queued. */
  dropped = { started: 0, queued: 0 }
  resumed = 0
  retried = 0
  /** Calls that wait for a rate limit. */
  waitingForRate = 0
  /** Items that wait for their next attempt. */
  waitingForRetry = 0
  #input = 0
  #output = 0
  #startedAtMs = 0
  #rate = new ResultRate(0)

  get inFlight(): number {
    return this.started - this.ok - this.failed - this.dropped.started
  }

  get queued(): number {
    return this.read - this.started - this.skipped - this.dropped.queued
  }

  start(nowMs: number): void {
    this.#startedAtMs = nowMs
    this.#rate = new ResultRate(nowMs)
  }

  settle(ok: boolean, nowMs: number): void {
    if (ok) this.ok++
    else this.failed++
    this.#rate.add(nowMs)
  }

  /** Counts an item as waiting. @returns a function that ends the wait; calling it again has no effect */
  beginWait(reason: 'rate' | 'retry'): () => void {
    const counter = reason === 'rate' ? 'waitingForRate' : 'waitingForRetry'
    this[counter]++
    let isOver = false
    return () => {
      if (!isOver) this[counter]--
      isOver = true
    }
  }

  /** Counts an item that was started, but not sent before the run was stopped. The item gets no result. */
  dropUnsent(): void {
    this.dropped.started++
  }

  /** Counts all items that were read and have no result as dropped. */
  dropAll(): void {
    this.dropped.started += this.inFlight
    this.dropped.queued += this.queued
  }

  /**
   * Counts the tokens of a call.
   *
   * @param before the tokens that the same call reported earlier; the new ones replace them
   */
  countTokens(usage: Tokens, before: Tokens | undefined): void {
    this.#input += usage.input - (before?.input ?? 0)
    this.#output += usage.output - (before?.output ?? 0)
  }

  progress(nowMs: number, total: number | undefined, waitingOn: BulkProgress['waitingOn']): BulkProgress {
    const { read, queued, inFlight } = this
    const { ok, failed, skipped, dropped, resumed, retried, tokens } = this.#counts()
    const ratePerMinute = this.#rate.perMinute(nowMs)
    const left = total === undefined ? NaN : Math.max(0, total - ok - failed - skipped - resumed)
    return {
      read,
      queued,
      inFlight,
      waiting: this.waitingForRate + this.waitingForRetry,
      ok,
      failed,
      skipped,
      dropped,
      resumed,
      retried,
      total,
      ratePerMinute,
      etaMs: left === 0 ? 0 : ratePerMinute > 0 && left > 0 ? (left / ratePerMinute) * 60_000 : undefined,
      tokens,
      waitingOn,
    }
  }

  summary(nowMs: number, stoppedBy: BulkSummary['stoppedBy']): BulkSummary {
    return { ...this.#counts(), durationMs: nowMs - this.#startedAtMs, stoppedBy }
  }

  #counts(): Omit<BulkSummary, 'durationMs' | 'stoppedBy'> {
    const { ok, failed, skipped, dropped, resumed, retried } = this
    return {
      ok,
      failed,
      skipped,
      dropped: dropped.started + dropped.queued,
      resumed,
      retried,
      tokens: { input: this.#input, output: this.#output },
    }
  }
}

const BUCKET_MS = 5_000
const BUCKETS = 12

/** Counts the results of the last minute, in buckets of five seconds. */
export class ResultRate {
  readonly #counts = new Uint32Array(BUCKETS)
  readonly #startedAtMs: number
  /** The number of the latest bucket, counted in buckets since 1970. */
  #latest: number

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs
    this.#latest = bucketOf(nowMs)
  }

  add(nowMs: number): void {
    const bucket = this.#advance(nowMs) % BUCKETS
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  /** Results per minute; extrapolated during the first minute. */
  perMinute(nowMs: number): number {
    const latest = this.#advance(nowMs)
    const sinceMs = Math.max(this.#startedAtMs, (latest - BUCKETS + 1) * BUCKET_MS)
    const count = this.#counts.reduce((sum, each) => sum + each, 0)
    return nowMs > sinceMs ? (count * 60_000) / (nowMs - sinceMs) : 0
  }

  /** Empties buckets older than a minute. @returns the number of the current bucket */
  #advance(nowMs: number): number {
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

const DEFAULT_MIN_SAMPLES = 20

/**
 * Checks whether `stopWhen` stops the run.
 *
 * @returns the limit of `stopWhen` that was reached; undefined if the run may continue
 */
export function stopReasonOf(
  rule: NonNullable<BulkOptions<unknown>['stopWhen']>,
  { ok, failed }: { ok: number; failed: number },
): BulkSummary['stoppedBy'] {
  const { failures = Infinity, failureRate = Infinity, minSamples = DEFAULT_MIN_SAMPLES } = rule
  if (failed >= failures) return 'failures'
  const samples = ok + failed
  return samples >= minSamples && failed >= failureRate * samples ? 'failureRate' : undefined
}
