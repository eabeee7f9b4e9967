import { afterEach, beforeEach, vi } from 'vitest'
import type { AcquireOptions, Cost, Lease } from '../src/limits/contracts.ts'
import { createRateLimiter } from '../src/limits/create-rate-limiter.ts'
import type { RateLimits } from '../src/limits/rate-limits.ts'

export const small: Cost = { input: 1, output: 0 }

/** A limiter and the times at which its requests started, in milliseconds since it was created. */
export function noted(options: RateLimits) {
  const limiter = createRateLimiter(options)
  const begun = Date.now()
  const starts: number[] = []
  const leases: Lease[] = []
  const errors: unknown[] = []
  const ask = (cost: Cost = small, options?: AcquireOptions): void => {
    limiter.acquire(cost, options).then(
      (lease) => {
        starts.push(Date.now() - begun)
        leases.push(lease)
      },
      (error: unknown) => errors.push(error),
    )
  }
  const askFor = (times: number, cost?: Cost): void => {
    for (let time = 0; time < times; time++) ask(cost)
  }
  return { limiter, starts, leases, errors, ask, askFor }
}

/** The maximum number of starts in any span of this length. */
export function most(starts: readonly number[], spanMs: number): number {
  return Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + spanMs).length))
}

beforeEach(() => void vi.useFakeTimers())

afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
})
