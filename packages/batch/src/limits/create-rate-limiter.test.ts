import { describe, expect, it, vi } from 'vitest'
import { RequestTooLargeError } from '../errors.ts'
import { createRateLimiter } from './create-rate-limiter.ts'
import type { RateLimits } from './rate-limits.ts'
import { small, noted, most } from '../../test/rate-limiter.ts'

describe('a limit of requests per minute', () => {
  it('starts at most 10 jobs in any second if it is 600, and uses all of the 95 %', async () => {
    const { starts, askFor } = noted({ requestsPerMinute: 600 })
    askFor(1_200)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(starts).toHaveLength(1_200)
    expect(most(starts, 1_000)).toBe(10)
    expect(starts.at(-1)).toBeGreaterThan(126_000)
    expect(starts.at(-1)).toBeLessThan(126_500)
  })

  it('starts one request at first, and a burst after a pause', async () => {
    const { starts, askFor } = noted({ requestsPerMinute: 600 })
    askFor(3)
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toEqual([0])
    await vi.advanceTimersByTimeAsync(60_000)
    askFor(20)
    await vi.advanceTimersByTimeAsync(0)
    expect(starts.filter((at) => at === 60_000)).toHaveLength(9)
  })

  it('spaces requests evenly when it allows fewer than one per burst', async () => {
    const { starts, askFor } = noted({ requestsPerMinute: 3, safety: 1 })
    askFor(4)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(starts).toEqual([0, 20_000, 40_000, 60_000])
  })

  it('lets all requests of a day start at once, as fast as the minute allows, and refills them over the day', async () => {
    const { starts, askFor } = noted({ requestsPerDay: 20, requestsPerMinute: 600, safety: 1 })
    askFor(30)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(starts).toHaveLength(20)
    await vi.advanceTimersByTimeAsync(86_400_000 / 20)
    expect(starts).toHaveLength(21)
  })
})

describe('a limit of tokens per minute', () => {
  it('lets a request whose estimate is above it wait for a full bucket, and go', async () => {
    const { limiter, starts, ask } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask()
    ask({ input: 1e9, output: 0, estimated: true })
    await vi.advanceTimersByTimeAsync(1)
    expect(starts).toEqual([0, 1])
    // The next request waits until the maximum that this one may have used is refilled.
    expect(limiter.waitMs(small)).toBeCloseTo(59_001, -1)
    expect(limiter.waitMs({ input: 1e9, output: 0 })).toBe(Infinity)
    expect(limiter.waitMs({ input: 1e9, output: 0, estimated: true })).toBeLessThan(61_000)
    expect(limiter.waitMs({ input: 1e9, output: 5, estimated: 'input' })).toBeLessThan(61_000)
    expect(limiter.waitMs({ input: 1e9, output: 5, estimated: 'output' })).toBe(Infinity)
    expect(limiter.waitMs({ input: 5, output: 1e9, estimated: 'input' })).toBe(Infinity)
  })

  it('ignores a usage that no answer can have had: the estimate counts', async () => {
    const { limiter, leases, ask } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask({ input: 400, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 200, usage: { input: 1e300, output: 0 } })
    expect(limiter.stats().limits.tokens?.available).toBe(600)
  })

  it('reserves the estimate, and returns what was too much', async () => {
    const { limiter, leases, ask } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask({ input: 500, output: 400 })
    await vi.advanceTimersByTimeAsync(0)
    expect(limiter.stats().limits.tokens?.available).toBe(100)
    leases[0]?.settle({ status: 200, usage: { input: 300, output: 0 } })
    expect(limiter.stats().limits.tokens?.available).toBe(700)
  })

  it('counts an estimate that was too low as a debt', async () => {
    const { limiter, leases, ask, starts } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask({ input: 100, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 200, usage: { input: 3_000, output: 0 } })
    expect(limiter.waitMs({ input: 1, output: 0 })).toBe(2_001)
    ask()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(starts).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(starts).toHaveLength(2)
  })

  it('uses at least 90 % of the true budget when estimates are three times too high and settled', async () => {
    const limiter = createRateLimiter({ tokensPerMinute: 90_000 })
    const latencyMs = 2_000
    const end = Date.now() + 600_000
    let used = 0
    const worker = async (): Promise<void> => {
      while (Date.now() < end) {
        const lease = await limiter.acquire({ input: 300, output: 1_200 })
        await new Promise((resolve) => setTimeout(resolve, latencyMs))
        used += 500
        lease.settle({ status: 200, usage: { input: 100, output: 400 } })
      }
    }
    for (let slot = 0; slot < 64; slot++) void worker()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(used / 900_000).toBeGreaterThanOrEqual(0.9)
    expect(used / 900_000).toBeLessThanOrEqual(1)
  })

  it('has separate buckets for input and output, and the scarcer one decides', async () => {
    const { limiter, ask } = noted({ inputTokensPerMinute: 600_000, outputTokensPerMinute: 6_000, safety: 1 })
    ask({ input: 100, output: 100 })
    await vi.advanceTimersByTimeAsync(0)
    expect(limiter.waitMs({ input: 5_000, output: 0 })).toBe(0)
    expect(limiter.waitMs({ input: 0, output: 50 })).toBe(500)
  })

  it('rejects a cost above it with RequestTooLargeError at once', async () => {
    const { limiter, starts, errors, ask } = noted({ tokensPerMinute: 90_000 })
    ask({ input: 80_000, output: 10_001 })
    ask({ input: 80_000, output: 10_000 })
    await vi.advanceTimersByTimeAsync(0)
    expect(errors).toMatchObject([
      { code: 'request_too_large', limitName: 'tokensPerMinute', limit: 90_000, size: 90_001 },
    ])
    expect(RequestTooLargeError.is(errors[0])).toBe(true)
    expect(starts).toEqual([0])
    expect(limiter.waitMs({ input: 90_001, output: 0 })).toBe(Infinity)
    expect(limiter.stats().refused).toBe(1)
  })

  it('rejects a waiting request when it turns out to be lower than its cost', async () => {
    const { limiter, errors, ask, askFor } = noted({ requestsPerMinute: 60 })
    askFor(2)
    ask({ input: 5_000, output: 0 })
    limiter.learn({ tokens: { limit: 4_000 } })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(errors).toMatchObject([{ code: 'request_too_large', limit: 4_000 }])
  })
})

describe('a lease', () => {
  it('releases its whole reservation when it is cancelled', async () => {
    const { limiter, leases, ask } = noted({
      requestsPerMinute: 60,
      tokensPerMinute: 60_000,
      requestsPerDay: 10,
      safety: 1,
    })
    const before = limiter.stats().limits
    ask({ input: 900, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    expect(limiter.stats()).toMatchObject({ inFlight: 1, limits: { tokens: { available: 100 } } })
    leases[0]?.cancel()
    expect(limiter.stats().limits).toEqual(before)
    expect(limiter.stats().inFlight).toBe(0)
  })

  it('counts its outcome once', async () => {
    const { limiter, leases, ask } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask({ input: 900, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 200, usage: { input: 800, output: 0 } })
    leases[0]?.cancel()
    leases[0]?.settle({ status: 429, retryAfterMs: 5_000 })
    expect(limiter.stats()).toMatchObject({
      inFlight: 0,
      rateLimited: 0,
      pausedForMs: 0,
      limits: { tokens: { available: 200 } },
    })
  })

  it('ignores an outcome that makes no sense', async () => {
    const { limiter, leases, askFor } = noted({ tokensPerMinute: 60_000, safety: 1 })
    askFor(2, { input: 100, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 200, usage: { input: NaN, output: 1 }, retryAfterMs: -5 })
    leases[1]?.settle({ status: 200, usage: { input: -1, output: 1 }, observed: { tokens: { limit: 0 } } })
    expect(limiter.stats()).toMatchObject({
      pausedForMs: 0,
      limits: { tokens: { limit: 60_000, available: 800 } },
    })
  })
})

it.each([
  [{ requestPerMinute: 5 }, 'unknown option requestPerMinute; did you mean requestsPerMinute?'],
  [{ requestsPerMinute: 0 }, 'requestsPerMinute must be a finite number above 0, got 0'],
  [{ tokensPerMinute: Infinity }, 'tokensPerMinute must be a finite number above 0, got Infinity'],
  [{ safety: 1.5 }, 'safety must be a number above 0, at most 1, got 1.5'],
  [{ burstMs: -1 }, 'burstMs must be a finite number of milliseconds of at least 0, got -1'],
  [{ maxQueue: 0 }, 'maxQueue must be a whole number of at least 1, got 0'],
  [null, 'options must be an object, got null'],
])('createRateLimiter rejects %j', (options, message) => {
  expect(() => createRateLimiter(options as RateLimits)).toThrow(new TypeError(message))
})

it('acquire rejects an invalid cost and unknown options', async () => {
  const { acquire, waitMs } = createRateLimiter({})
  await expect(acquire({ input: -1, output: 0 })).rejects.toThrow(
    'cost.input must be a finite number of tokens',
  )
  await expect(acquire(5 as never)).rejects.toThrow('cost must be { input, output }, got 5')
  await expect(acquire(small, { prio: 1 } as never)).rejects.toThrow('did you mean priority?')
  expect(() => waitMs({ input: 0, output: NaN })).toThrow('cost.output')
})
