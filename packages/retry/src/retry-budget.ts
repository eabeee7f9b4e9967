import { systemClock, type Clock } from './clock.ts'
import { aClock, atLeast, checksOf, validate } from './validate.ts'

/**
 * What limits retries over many calls: when everything fails, retrying everything only adds to the load. Share one among
 * all policies that call the same upstream. The first attempt of a call always runs.
 */
export interface RetryBudget {
  /** A call begins, and earns a part of a retry. */
  deposit(): void
  /** Takes one retry. Returns what gives it back if it is not made after all; `undefined` if none is left. */
  withdraw(): (() => void) | undefined
}

export interface RetryBudgetOptions {
  /** How many retries one call earns: 0.2 is one retry for five calls. @default 0.2 */
  ratio?: number | undefined
  /** How many retries a second are free, so that a rare caller may retry at all. @default 10 */
  minPerSecond?: number | undefined
  /** How long calls and retries count, in milliseconds. @default 10_000 */
  windowMs?: number | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
}

/** The window moves in steps of a tenth: what happened counts for at least nine tenths of it and never longer than it. */
const STEPS = 10

/**
 * A budget over a sliding window: a retry is allowed as long as those of the last `windowMs` are fewer than `ratio` times
 * the calls of that time plus `minPerSecond` times its seconds. Constant time, constant memory, no timer.
 *
 * @see https://sre.google/sre-book/handling-overload/ for the ratio, and Finagle's RetryBudget for the shape
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  validate(options, CHECKS)
  const { ratio = 0.2, minPerSecond = 10, windowMs = 10_000, clock = systemClock } = options
  const free = (minPerSecond * windowMs) / 1000
  const calls = new Float64Array(STEPS)
  const retries = new Float64Array(STEPS)
  let newest = -Infinity

  /** The slot of this moment, after the slots that left the window were emptied. */
  function currentSlot(): number {
    const now = Math.floor((clock.now() * STEPS) / windowMs)
    newest = Math.max(newest, now - STEPS)
    while (newest < now) {
      newest++
      calls[newest % STEPS] = retries[newest % STEPS] = 0
    }
    return newest % STEPS
  }

  return {
    deposit() {
      add(calls, currentSlot(), 1)
    },
    withdraw() {
      const slot = currentSlot()
      // A hair of tolerance: 0.7 times 10 is 6.999999999999999.
      if (total(retries) + 1 > ratio * total(calls) + free + 1e-9) return undefined
      add(retries, slot, 1)
      const taken = newest
      return () => {
        currentSlot()
        if (newest - taken < STEPS) add(retries, slot, -1)
      }
    },
  }
}

const add = (counts: Float64Array, slot: number, by: number): void => {
  counts[slot] = (counts[slot] ?? 0) + by
}
const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count)

const CHECKS = /* @__PURE__ */ checksOf({
  ratio: atLeast(0),
  minPerSecond: atLeast(0),
  windowMs: atLeast(1, ' of milliseconds'),
  clock: aClock,
})
