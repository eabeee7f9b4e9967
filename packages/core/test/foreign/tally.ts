import type { TripRule } from '../../src/index.ts'

interface Tally {
  readonly rule: TripRule
  /** What the circuit has counted of the one call that it saw. */
  verdict(): 'success' | 'failure' | 'nothing'
  reset(): void
}

/** A rule that never opens the circuit, and says what the circuit has counted. */
export function createTally(): Tally {
  const counted: boolean[] = []
  return {
    rule: {
      start: () => ({
        record: (failed) => {
          counted.push(failed)
          return false
        },
        counts: () => ({ calls: 0, successes: 0, failures: 0, slow: 0 }),
        save: () => undefined,
      }),
    },
    reset() {
      counted.length = 0
    },
    verdict() {
      if (counted.length > 1) throw new Error('The circuit counted one call several times.')
      return counted[0] === undefined ? 'nothing' : counted[0] ? 'failure' : 'success'
    },
  }
}
