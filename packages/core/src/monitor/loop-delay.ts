import { Histogram } from '../reporting/quantiles.ts'

/** From one firing of the timer to the next, in milliseconds. */
const EVERY_MS = 20

/**
 * How late something would have been that was due at any moment. Node's own `monitorEventLoopDelay` cannot say so of a stretch of time: its
 * `reset()` forgets the gap that is under way, and after a block this is the gap that matters. (Node 24.21: blocks of 200 ms, each before
 * a reset, leave no trace.)
 */
export class LoopDelay {
  readonly #now: () => number
  readonly #timer: ReturnType<typeof setInterval>
  #late = new Histogram()
  #firedAt: number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#firedAt = now()
    this.#timer = setInterval(() => this.#fired(), EVERY_MS)
    this.#timer.unref()
  }

  /** Since the last reading, up to now. */
  read(): Histogram {
    // A firing that is overdue is counted: who blocks, and then reads, shall see it.
    if (this.#now() - this.#firedAt > EVERY_MS) this.#fired()
    const late = this.#late
    this.#late = new Histogram()
    return late
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #fired(): void {
    const now = this.#now()
    recordGap(this.#late, now - this.#firedAt, EVERY_MS)
    this.#firedAt = now
  }
}

/**
 * A loop that is blocked misses firings: each is counted as so much less late, as HdrHistogram corrects for coordinated omission. So
 * quantiles are of moments, not of firings.
 */
export function recordGap(late: Histogram, gapMs: number, everyMs: number): void {
  late.record(Math.max(0, gapMs - everyMs))
  for (let missed = gapMs - 2 * everyMs; missed > 0; missed -= everyMs) late.record(missed)
}
