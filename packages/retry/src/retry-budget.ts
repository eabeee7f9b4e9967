import { systemClock, type Clock } from './clock.ts'
import { aClock, atLeast, checksOf, validate } from './validate.ts'

/**
 * Limits the retries of many calls: when a server is down, retrying every call only adds to its load. Share one budget among
 * all policies that call the same server. The first attempt of a call is always made.
 */
export interface RetryBudget {
  /** Records that a call starts. Each call earns a fraction of a retry. */
  deposit(): void
  /** Takes one retry. Returns `undefined` if no retry is left, otherwise a function that puts the retry back if it is not made. */
  withdraw(): (() => void) | undefined
}

export interface RetryBudgetOptions {
  /** How many retries a call earns: 0.2 is one retry for five calls. @default 0.2 */
  ratio?: number | undefined
  /** The number of retries per second that are allowed in addition, so that a process with few calls can retry. @default 10 */
  minPerSecond?: number | undefined
  /** The length of the sliding window in which calls and retries are counted, in milliseconds. @default 10_000 */
  windowMs?: number | undefined
  /** The source of the time. @default a monotonic clock */
  clock?: Clock | undefined
}

/** The window moves in this many steps. So a call or a retry leaves it nine tenths of `windowMs` to all of `windowMs` later. */
const STEPS = 10

/**
 * Creates a retry budget with a sliding window: within `windowMs`, the number of retries is at most `ratio` times the number of
 * calls, plus `minPerSecond` for each second. Time and memory are constant, and there is no timer.
 *
 * @see https://sre.google/sre-book/handling-overload/ for the ratio, and Finagle's RetryBudget for the interface
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  validate(options, CHECKS)
  const { ratio = 0.2, minPerSecond = 10, windowMs = 10_000, clock = systemClock } = options
  const free = (minPerSecond * windowMs) / 1000
  const calls = new Float64Array(STEPS)
  const retries = new Float64Array(STEPS)
  let newest = -Infinity

  /** Returns the index of the current step in `calls` and `retries`. Resets the steps that have left the window. */
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
      // With a tolerance, as 0.7 times 10 is 6.999999999999999.
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
