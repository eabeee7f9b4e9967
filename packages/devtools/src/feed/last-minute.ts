import type { ShownReceipt } from '../receipt.ts'

/** The length of the window, in seconds. */
const SECONDS = 60
/** The maximum number of durations from which the quantiles are computed: those of the latest calls of the window. */
const MAX_DURATIONS = 2_000

/** Figures of the calls that ended within the last minute. */
export interface MinuteFigures {
  /** The number of calls that ended in each second, and how many of them failed; the current second is the last one. */
  readonly perSecond: readonly (readonly [calls: number, failed: number])[]
  /** Quantiles of the durations of the successful calls, in milliseconds. */
  readonly p50: number | undefined
  readonly p95: number | undefined
}

/** Counts the calls of the last minute, in constant memory. Prefetches do not count. */
export class LastMinute {
  readonly #calls = new Uint32Array(SECONDS)
  readonly #failed = new Uint32Array(SECONDS)
  readonly #durations = new Float64Array(MAX_DURATIONS)
  readonly #endedAt = new Float64Array(MAX_DURATIONS)
  #next = 0
  #second = 0

  add({ outcome, durationMs, isPrefetch }: ShownReceipt, now: number): void {
    if (isPrefetch || outcome === 'pending') return
    const index = this.#moveTo(now) % SECONDS
    this.#calls[index] = (this.#calls[index] ?? 0) + 1
    if (outcome === 'failure') this.#failed[index] = (this.#failed[index] ?? 0) + 1
    if (outcome !== 'success') return
    this.#durations[this.#next] = durationMs ?? 0
    this.#endedAt[this.#next] = now
    this.#next = (this.#next + 1) % MAX_DURATIONS
  }

  read(now: number): MinuteFigures {
    const current = this.#moveTo(now)
    const perSecond = Array.from({ length: SECONDS }, (_, age) => {
      const index = (current + 1 + age) % SECONDS
      return [this.#calls[index] ?? 0, this.#failed[index] ?? 0] as const
    })
    const since = now - SECONDS * 1_000
    const recent = this.#durations.filter((_, index) => (this.#endedAt[index] ?? 0) > since).sort()
    const quantile = (share: number): number | undefined => recent[Math.ceil(recent.length * share) - 1]
    return { perSecond, p50: quantile(0.5), p95: quantile(0.95) }
  }

  /** Clears the counts of the seconds that have begun since the last time. @returns the current second */
  #moveTo(now: number): number {
    const second = Math.floor(now / 1_000)
    // If the clock was set back, the counts stay where they are.
    for (let next = Math.max(this.#second + 1, second - SECONDS + 1); next <= second; next++) {
      this.#calls[next % SECONDS] = 0
      this.#failed[next % SECONDS] = 0
    }
    return (this.#second = Math.max(second, this.#second))
  }
}
