import type { TripRule } from './trip-rule.ts'
import { aRatio, checksOf, expectValue, validate, wholeNumber } from '../validate.ts'

export interface CountWindowOptions {
  /** How many of the last calls count. */
  size: number
  /** The circuit opens when at least this share of them failed: above 0, at most 1. */
  failureRatio: number
  /** The circuit does not open before this number of calls have ended. @default size */
  minimumCalls?: number | undefined
}

/** Opens when too many of the last `size` calls failed. A call takes the same time for any size. */
export function countWindow(options: CountWindowOptions): TripRule {
  validate(options, CHECKS, 'size', 'failureRatio')
  const { size, failureRatio, minimumCalls = size } = options
  expectValue('minimumCalls', minimumCalls, (calls) => (calls as number) <= size || 'at most the size')
  return {
    timing: 'none',
    start(saved) {
      /** A ring of the last calls: 1 is a failure. */
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
        /** The oldest call first. */
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
