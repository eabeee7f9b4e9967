import type { TripRule } from './trip-rule.ts'
import { aRatio, checksOf, expectValue, validate, wholeNumber } from '../validate.ts'

/** Options of `countWindow`: the number of calls in the window, and how many of them must fail. `size` and `failureRatio` are required. */
export interface CountWindowOptions {
  /** The number of calls in the window, a whole number of at least 1. Only the last `size` finished calls count. */
  size: number
  /** The fraction of the counted calls that must have failed for the circuit to open: above 0, at most 1. 0.5 means half of them. */
  failureRatio: number
  /** The number of calls that must be in the window before the circuit can open: at least 1, at most `size`. @default size */
  minimumCalls?: number | undefined
}

/**
 * Creates a rule that opens the circuit when at least a given fraction of the last `size` calls failed. Recording a call takes constant time.
 *
 * @throws TypeError for an unknown, missing or invalid option
 */
export function countWindow(options: CountWindowOptions): TripRule {
  validate(options, CHECKS, 'size', 'failureRatio')
  const { size, failureRatio, minimumCalls = size } = options
  expectValue('minimumCalls', minimumCalls, (calls) => (calls as number) <= size || 'at most the size')
  return {
    timing: 'none',
    start(saved) {
      /** The last calls, as a ring buffer: 1 for a failure, 0 for a success. */
      const ring = new Uint8Array(size)
      let calls = 0
      let failures = 0
      let next = 0

      function add(failed: 0 | 1): void {
        failures += failed - (ring[next] ?? 0)
        ring[next] = failed
        next = (next + 1) % size
        if (calls < size) calls++
      }
      if (typeof saved === 'string') for (const digit of saved.slice(-size)) add(digit === '1' ? 1 : 0)

      return {
        record(failed) {
          add(failed ? 1 : 0)
          return calls >= minimumCalls && failures / calls >= failureRatio
        },
        counts: () => ({ calls, successes: calls - failures, failures, slow: 0 }),
        /** Returns one digit for each call, the oldest first: 1 for a failure, 0 for a success. */
        save: () => [...ring.subarray(next), ...ring.subarray(0, next)].slice(size - calls).join(''),
      }
    },
  }
}

const CHECKS = /* @__PURE__ */ checksOf({
  size: wholeNumber,
  failureRatio: aRatio,
  minimumCalls: wholeNumber,
})
