import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from './create-rate-limiter.ts'
import { parseRateLimitHeaders } from './headers/rate-limit-headers.ts'
import { noted } from '../../test/rate-limiter.ts'

describe('a header of an answer', () => {
  it('never credits what was reserved after its request was sent', async () => {
    const { limiter, leases, askFor } = noted({ tokensPerMinute: 60_000, safety: 1 })
    askFor(10, { input: 100, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    expect(limiter.stats().limits.tokens?.available).toBe(0)
    // The provider has counted one of the ten requests; the other nine are still to be counted.
    leases[0]?.settle({
      status: 200,
      usage: { input: 100, output: 0 },
      observed: { tokens: { remaining: 59_900 } },
    })
    expect(limiter.stats().limits.tokens?.available).toBe(0)
    leases[1]?.settle({
      status: 200,
      usage: { input: 100, output: 0 },
      observed: { tokens: { remaining: 500 } },
    })
    expect(limiter.stats().limits.tokens?.available).toBe(-300)
  })

  it('lowers the level when it reports less than the limiter assumed', () => {
    const { limiter } = noted({ tokensPerMinute: 60_000, safety: 1 })
    limiter.learn({ tokens: { remaining: 10 } })
    expect(limiter.stats().limits.tokens?.available).toBe(10)
  })

  it('lowers a configured limit, and never raises it', () => {
    const { limiter } = noted({ tokensPerMinute: 60_000 })
    limiter.learn({ tokens: { limit: 90_000 } })
    expect(limiter.stats().limits.tokens).toMatchObject({ limit: 60_000, learned: false })
    limiter.learn({ tokens: { limit: 30_000 } })
    expect(limiter.stats().limits.tokens?.limit).toBe(30_000)
  })

  it('sets limits that were not configured, and updates them when they change', () => {
    const { limiter } = noted({})
    const observed = { requests: { limit: 600, remaining: 599 }, tokens: { limit: 90_000 } }
    limiter.learn(observed)
    expect(limiter.stats().limits).toMatchObject({
      requests: { limit: 600, windowMs: 60_000, learned: true },
      tokens: { limit: 90_000, learned: true },
    })
    limiter.learn({ requests: { limit: 900 } })
    expect(limiter.stats().limits.requests?.limit).toBe(900)
  })

  it('expires after its window if its limit is absurd, and waiting requests continue', async () => {
    const { limiter, starts, leases, askFor } = noted({})
    askFor(1)
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({
      status: 200,
      usage: { input: 10, output: 2 },
      observed: { requests: { limit: 1, remaining: 0 }, tokens: { limit: 1, remaining: 0 } },
    })
    askFor(4, { input: 10, output: 10, estimated: true })
    await vi.advanceTimersByTimeAsync(59_999)
    expect(starts.length).toBeLessThanOrEqual(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(starts).toHaveLength(5)
    expect(limiter.stats().limits).toEqual({})
  })

  it('expires after its window if it lowered a configured limit', async () => {
    const { limiter } = noted({ tokensPerMinute: 60_000, requestsPerMinute: 600 })
    limiter.learn({ tokens: { limit: 1 }, requests: { limit: 5, windowMs: 1_000 } })
    expect(limiter.stats().limits).toMatchObject({
      tokens: { limit: 1 },
      requests: { limit: 5, windowMs: 1_000 },
    })
    expect(() => limiter.tryAcquire({ input: 100, output: 0 })).not.toThrow()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(limiter.stats().limits).toMatchObject({
      tokens: { limit: 60_000, learned: false },
      requests: { limit: 600, windowMs: 60_000 },
    })
  })

  it('keeps a limit when it repeats it', async () => {
    const { limiter } = noted({})
    for (let time = 0; time < 10; time++) {
      limiter.learn({ requests: { limit: 600 } })
      await vi.advanceTimersByTimeAsync(50_000)
      expect(limiter.stats().limits.requests?.limit).toBe(600)
    }
  })

  it('changes nothing when its numbers make no sense', () => {
    const { limiter } = noted({ tokensPerMinute: 60_000, safety: 1 })
    const before = limiter.stats()
    for (const nonsense of [NaN, Infinity, -Infinity, 1e300, -1, '5', null]) {
      const limit = nonsense as number
      limiter.learn({ requests: { limit }, tokens: { limit, windowMs: limit, resetAfterMs: limit } })
      limiter.learn({ inputTokens: { limit: 0.5 }, requestsPerDay: { limit, windowMs: limit } })
      if (limit !== -1 && limit !== -Infinity) limiter.learn({ tokens: { remaining: limit } })
    }
    expect(limiter.stats()).toEqual(before)
    limiter.learn({ tokens: { remaining: -5 } })
    expect(limiter.stats().limits.tokens?.available).toBe(0)
  })

  it('gets its window from the reset if it has no unit: 10 per second are about 50 in 5 s', async () => {
    const { limiter, starts, leases, ask } = noted({})
    const observed = parseRateLimitHeaders({
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': '1',
    })
    for (let turn = 0; turn < 500; turn++) {
      if (limiter.stats().waiting === 0) ask()
      await vi.advanceTimersByTimeAsync(10)
      for (const lease of leases.splice(0)) lease.settle({ status: 200, observed })
    }
    expect(starts.length).toBeGreaterThanOrEqual(46)
    expect(starts.length).toBeLessThanOrEqual(51)
    expect(limiter.stats().limits).toMatchObject({ requests: { limit: 10, windowMs: 1_000, learned: true } })
  })

  it.each([
    { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' },
    { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '3600' },
    { 'ratelimit-limit': '10', 'ratelimit-remaining': '9', 'ratelimit-reset': '1' },
    { ratelimit: 'limit=10, remaining=9, reset=1' },
    { 'ratelimit-policy': '10;w=1', 'ratelimit-limit': '10', 'ratelimit-remaining': '9' },
    {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-reset-requests': '1s',
    },
    { 'x-ratelimit-limit': '10' },
  ])('never slows what was configured, without a unit or with a faster one: %j', async (headers) => {
    const { limiter, leases, ask, starts } = noted({ requestsPerMinute: 600 })
    for (let turn = 0; turn < 500; turn++) {
      if (limiter.stats().waiting === 0) ask()
      await vi.advanceTimersByTimeAsync(10)
      for (const lease of leases.splice(0))
        lease.settle({ status: 200, observed: parseRateLimitHeaders(headers) })
    }
    expect(starts.length).toBeGreaterThanOrEqual(46)
    expect(limiter.stats().limits).toMatchObject({ requests: { limit: 600, windowMs: 60_000 } })
    expect(limiter.stats().limits).not.toHaveProperty('requestsPerDay')
  })

  it('lowers what was configured when it has a unit', () => {
    const { limiter } = noted({ requestsPerMinute: 600 })
    limiter.learn(parseRateLimitHeaders({ 'x-ratelimit-limit-second': '2' }))
    expect(limiter.stats().limits.requests).toMatchObject({ limit: 2, windowMs: 1_000 })
    limiter.learn(parseRateLimitHeaders({ 'x-ratelimit-limit-second': '20' }))
    expect(limiter.stats().limits.requests).toMatchObject({ limit: 600, windowMs: 60_000 })
  })

  it('lets the first request go when the next window begins if nothing is left in a fixed one', async () => {
    const { limiter, starts, ask } = noted({})
    limiter.learn(
      parseRateLimitHeaders({
        'x-ratelimit-limit': '20',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Date.now() + 5_000),
      }),
    )
    ask()
    await vi.advanceTimersByTimeAsync(4_999)
    expect(starts).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(starts).toEqual([5_000])
  })

  it('sets an hour as a window of its own, all of which may be used at once', async () => {
    const { limiter } = noted({})
    limiter.learn(
      parseRateLimitHeaders({
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '4999',
        'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 3_600),
      }),
    )
    const { requestsPerDay, requests } = limiter.stats().limits
    expect(requestsPerDay?.limit).toBe(5_000)
    expect(requestsPerDay?.windowMs).toBeCloseTo(3_600_000, -4)
    expect(requestsPerDay?.available).toBeGreaterThan(4_700)
    expect(requests).toBeUndefined()
  })

  it('sets a limit per day if its reset is hours away', () => {
    const { limiter } = noted({})
    // OpenAI’s free tier: 200 a day, so one more is available after 432 s.
    limiter.learn({ requests: { limit: 200, remaining: 198, resetAfterMs: 864_000 } })
    expect(limiter.stats().limits).toMatchObject({ requestsPerDay: { limit: 200, windowMs: 86_400_000 } })
    expect(limiter.stats().limits).not.toHaveProperty('requests')
  })

  it('does not slow down steady use with long answers', async () => {
    const limiter = createRateLimiter({ tokensPerMinute: 60_000, safety: 1 })
    const end = Date.now() + 300_000
    let used = 0
    const worker = async (): Promise<void> => {
      while (Date.now() < end) {
        const lease = await limiter.acquire({ input: 1_000, output: 2_000 })
        // The provider always reports that half of its limit is left, as it was when the request arrived.
        await new Promise((resolve) => setTimeout(resolve, 20_000))
        used += 1_000
        lease.settle({
          status: 200,
          usage: { input: 500, output: 500 },
          observed: { tokens: { remaining: 30_000 } },
        })
      }
    }
    for (let slot = 0; slot < 64; slot++) void worker()
    await vi.advanceTimersByTimeAsync(300_000)
    expect(used / 300_000).toBeGreaterThan(0.8)
  })
})
