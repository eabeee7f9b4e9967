import { Histogram } from '../reporting/quantiles.ts'

/** The interval of the timer whose delay is measured, in milliseconds. */
const EVERY_MS = 20

/**
 * Measures the delay of the event loop: how late a timer fires, or would have fired, at each moment. Node's own `monitorEventLoopDelay`
 * cannot measure this per interval, because its `reset()` discards the time since the last timer fired. That time matters most if the event
 * loop has just been blocked. (Node 24.21: blocks of 200 ms, each before a reset, leave no trace.)
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

  /** Returns the delays since the last call of `read()`, in milliseconds. */
  read(): Histogram {
    // Count an overdue timer, so that code that blocks and then reads sees its own block.
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
 * Records the delays of all timers that were due since the last timer fired. A blocked event loop skips timers. Each skipped timer is
 * recorded with the delay that it would have had, as HdrHistogram does to correct for coordinated omission. So a percentile is a share of
 * the elapsed time, not of the timers that fired.
 * @param late the histogram of the delays, in milliseconds
 * @param gapMs the time between the last two timers that fired, in milliseconds
 * @param everyMs the interval of the timer, in milliseconds
 */
export function recordGap(late: Histogram, gapMs: number, everyMs: number): void {
  late.record(Math.max(0, gapMs - everyMs))
  for (let missed = gapMs - 2 * everyMs; missed > 0; missed -= everyMs) late.record(missed)
}
