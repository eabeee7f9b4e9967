import type { Counts, Tally, TripRule } from './trip-rule.ts'
import { expect, wholeNumber } from './validate.ts'

/**
 * Opens after so many failures in a row; a success starts over. Its `counts()` are those since the circuit closed.
 *
 * @param failures a whole number of at least 1
 */
export function consecutive(failures: number): TripRule {
  expect('failures', failures, wholeNumber)
  return { timing: 'none', start: (saved) => new Row(failures, saved) }
}

class Row implements Tally {
  readonly #limit: number
  #count: Saved

  constructor(limit: number, saved: unknown) {
    this.#limit = limit
    this.#count = fits(saved) ? { ...saved } : { calls: 0, failures: 0, inARow: 0 }
  }

  record(failed: boolean): boolean {
    const count = this.#count
    count.calls++
    if (failed) count.failures++
    count.inARow = failed ? count.inARow + 1 : 0
    return count.inARow >= this.#limit
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
  inARow: number
}

const fits = (saved: unknown): saved is Saved =>
  typeof (saved as Partial<Saved> | undefined)?.inARow === 'number'
