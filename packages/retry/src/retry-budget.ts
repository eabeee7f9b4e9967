import { systemClock, type Clock } from './clock.ts'
import { aClock, atLeast, checksOf, validate } from './validate.ts'

/**
 * Limits the retries of many calls, because retrying every call to a server that is down only adds to its load. Share one budget
 * among all policies that call the same server. The budget never prevents the first attempt of a call.
 */
export interface RetryBudget {
  /**
   * Records the start of a call, which adds `ratio` retries (0.2 by default) to the budget. Call it once per call, not per attempt; a retry policy
   * does so itself.
   */
  deposit(): void
  /**
   * Takes one retry from the budget. Returns `undefined` if none is left. Otherwise returns a function that puts the retry back: call that
   * function if you do not make the retry.
   */
  withdraw(): (() => void) | undefined
}

/** Options of `createRetryBudget`: how many retries the budget allows, and within which time. */
export interface RetryBudgetOptions {
  /** The number of retries that each call adds to the budget, at least 0: 0.2 allows one retry for every five calls. @default 0.2 */
  ratio?: number | undefined
  /**
   * The number of retries allowed per second in addition to `ratio`, so that a process with few calls can retry too. 0 leaves only `ratio`. @default
   * 10
   */
  minPerSecond?: number | undefined
  /** The length of the sliding window in which calls and retries are counted, in milliseconds, at least 1. @default 10_000 */
  windowMs?: number | undefined
  /** The source of time; only its `now()` is used. @default a monotonic clock */
  clock?: Clock | undefined
}

/**
 * The number of steps in which the window moves. A call or a retry therefore leaves the window between `windowMs * 9 / 10` and
 * `windowMs` later.
 */
const STEPS = 10

/**
 * Creates a retry budget with a sliding window. Within `windowMs`, the number of retries is at most `ratio` times the number of calls, plus
 * `minPerSecond` for each second. The budget needs constant time and memory, and no timer.
 *
 * @throws TypeError for an option that does not exist or has a wrong value
 * @see https://sre.google/sre-book/handling-overload/ for the ratio, and Finagle's RetryBudget for the interface
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  validate(options, CHECKS)
  const { ratio = 0.2, minPerSecond = 10, windowMs = 10_000, clock = systemClock } = options
  const free = (minPerSecond * windowMs) / 1000
  const calls = new Float64Array(STEPS)
  const retries = new Float64Array(STEPS)
  let newest = -Infinity

  /**
   * Returns the index of the current step in the arrays `calls` and `retries`. Resets the counts of the steps that have left the
   * window.
   */
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
