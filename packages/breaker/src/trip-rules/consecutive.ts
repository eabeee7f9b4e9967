import type { Counts, Tally, TripRule } from './trip-rule.ts'
import { expectValue, wholeNumber } from '../validate.ts'

/**
 * Creates a rule that opens the circuit after this number of failures in a row. A success resets the number to 0. With this rule, the breaker's
 * `counts()` covers all calls since the circuit last closed.
 *
 * @param failures a whole number of at least 1
 * @throws TypeError for any other value
 */
export function consecutive(failures: number): TripRule {
  expectValue('failures', failures, wholeNumber)
  return { timing: 'none', start: (saved) => new ConsecutiveTally(failures, saved) }
}

class ConsecutiveTally implements Tally {
  readonly #limit: number
  #count: Saved

  constructor(limit: number, saved: unknown) {
    this.#limit = limit
    this.#count = fits(saved) ? { ...saved } : { calls: 0, failures: 0, failuresInARow: 0 }
  }

  record(failed: boolean): boolean {
    const count = this.#count
    count.calls++
    if (failed) count.failures++
    count.failuresInARow = failed ? count.failuresInARow + 1 : 0
    return count.failuresInARow >= this.#limit
  }

  counts(): Counts {
    const { calls, failures } = this.#count
    return { calls, successes: calls - failures, failures, slow: 0 }
  }

  save(): Saved {
    return { ...this.#count }
  }
}

interface Saved {
  calls: number
  failures: number
  failuresInARow: number
}

const fits = (saved: unknown): saved is Saved =>
  typeof (saved as Partial<Saved> | undefined)?.failuresInARow === 'number'
