import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { QueueFullError } from '../batcher/queue-full-error.ts'
import { RequestTooLargeError } from '../request-too-large-error.ts'
import type { AcquireOptions, Cost, Lease } from './contracts.ts'
import { createRateLimiter } from './create-rate-limiter.ts'
import { parseRateLimitHeaders } from './rate-limit-headers.ts'
import { RateLimitWaitError } from './rate-limit-wait-error.ts'
import type { RateLimits } from './rate-limits.ts'

const small: Cost = { input: 1, output: 0 }

/** A limiter of which is noted when each request starts, in milliseconds since it was made. */
function noted(options: RateLimits) {
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

/** The most starts in any span of so many milliseconds. */
function most(starts: readonly number[], spanMs: number): number {
  return Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + spanMs).length))
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
})

describe('requests a minute', () => {
  it('of 600, and 1,200 jobs: at most 10 start in any second, and all of the 95 % are used', async () => {
    const { starts, askFor } = noted({ requestsPerMinute: 600 })
    askFor(1_200)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(starts).toHaveLength(1_200)
    expect(most(starts, 1_000)).toBe(10)
    expect(starts.at(-1)).toBeGreaterThan(126_000)
    expect(starts.at(-1)).toBeLessThan(126_500)
  })

  it('begin with one, and after a pause with a burst', async () => {
    const { starts, askFor } = noted({ requestsPerMinute: 600 })
    askFor(3)
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toEqual([0])
    await vi.advanceTimersByTimeAsync(60_000)
    askFor(20)
    await vi.advanceTimersByTimeAsync(0)
    expect(starts.filter((at) => at === 60_000)).toHaveLength(9)
  })

  it('that are fewer than one in a burst start evenly', async () => {
    const { starts, askFor } = noted({ requestsPerMinute: 3, safety: 1 })
    askFor(4)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(starts).toEqual([0, 20_000, 40_000, 60_000])
  })

  it('of a whole day may start at once, as fast as the minute allows, and come back over the day', async () => {
    const { starts, askFor } = noted({ requestsPerDay: 20, requestsPerMinute: 600, safety: 1 })
    askFor(30)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(starts).toHaveLength(20)
    await vi.advanceTimersByTimeAsync(86_400_000 / 20)
    expect(starts).toHaveLength(21)
  })
})

describe('tokens a minute', () => {
  it('above the limit by a mere estimate wait for a full bucket, and go', async () => {
    const { limiter, starts, ask } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask()
    ask({ input: 1e9, output: 0, estimated: true })
    await vi.advanceTimersByTimeAsync(1)
    expect(starts).toEqual([0, 1])
    // What it may have used at most is worked off before the next.
    expect(limiter.waitMs(small)).toBeCloseTo(59_001, -1)
    expect(limiter.waitMs({ input: 1e9, output: 0 })).toBe(Infinity)
    expect(limiter.waitMs({ input: 1e9, output: 0, estimated: true })).toBeLessThan(61_000)
    expect(limiter.waitMs({ input: 1e9, output: 5, estimated: 'input' })).toBeLessThan(61_000)
    expect(limiter.waitMs({ input: 1e9, output: 5, estimated: 'output' })).toBe(Infinity)
    expect(limiter.waitMs({ input: 5, output: 1e9, estimated: 'input' })).toBe(Infinity)
  })

  it('that no answer can have used are not believed: the estimate stands', async () => {
    const { limiter, leases, ask } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask({ input: 400, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 200, usage: { input: 1e300, output: 0 } })
    expect(limiter.stats().limits.tokens?.available).toBe(600)
  })

  it('are reserved by the estimate, and what was too much comes back', async () => {
    const { limiter, leases, ask } = noted({ tokensPerMinute: 60_000, safety: 1 })
    ask({ input: 500, output: 400 })
    await vi.advanceTimersByTimeAsync(0)
    expect(limiter.stats().limits.tokens?.available).toBe(100)
    leases[0]?.settle({ status: 200, usage: { input: 300, output: 0 } })
    expect(limiter.stats().limits.tokens?.available).toBe(700)
  })

  it('that were too few are a debt', async () => {
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

  it('estimated three times too high and settled are used to at least 90 % of the true budget', async () => {
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

  it('of input and output have buckets of their own, and the scarcer one decides', async () => {
    const { limiter, ask } = noted({ inputTokensPerMinute: 600_000, outputTokensPerMinute: 6_000, safety: 1 })
    ask({ input: 100, output: 100 })
    await vi.advanceTimersByTimeAsync(0)
    expect(limiter.waitMs({ input: 5_000, output: 0 })).toBe(0)
    expect(limiter.waitMs({ input: 0, output: 50 })).toBe(500)
  })

  it('fewer than an estimate has: RequestTooLargeError now, not a spin', async () => {
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

  it('that turn out to be fewer send away who waits with more', async () => {
    const { limiter, errors, ask, askFor } = noted({ requestsPerMinute: 60 })
    askFor(2)
    ask({ input: 5_000, output: 0 })
    limiter.learn({ tokens: { limit: 4_000 } })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(errors).toMatchObject([{ code: 'request_too_large', limit: 4_000 }])
  })
})

describe('a 429', () => {
  it('with Retry-After 7 s stops all starts for 7 s here, and others run', async () => {
    const here = noted({ requestsPerMinute: 600 })
    const other = noted({ requestsPerMinute: 600 })
    here.ask()
    await vi.advanceTimersByTimeAsync(0)
    here.leases[0]?.settle({ status: 429, retryAfterMs: 7_000 })
    here.askFor(5)
    other.askFor(5)
    expect(here.limiter.waitMs(small)).toBeGreaterThan(7_000)
    expect(here.limiter.stats()).toMatchObject({ pausedForMs: 7_000, rateLimited: 1 })
    await vi.advanceTimersByTimeAsync(6_999)
    expect(here.starts).toEqual([0])
    expect(other.starts).toHaveLength(5)
    await vi.advanceTimersByTimeAsync(1)
    expect(here.starts).toEqual([0, 7_000])
  })

  it('is followed by no crowd', async () => {
    const { limiter, starts, leases, askFor } = noted({ requestsPerMinute: 600 })
    await vi.advanceTimersByTimeAsync(10_000)
    askFor(30)
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(9)
    for (const lease of leases) lease.settle({ status: 429, retryAfterMs: 3_000 })
    await vi.advanceTimersByTimeAsync(4_000)
    expect(most(starts.slice(9), 1_000)).toBeLessThanOrEqual(10)
    expect(limiter.stats().rateLimited).toBe(9)
  })

  it('that asks for years is followed by a pause of a second', async () => {
    const { limiter, leases, ask } = noted({ requestsPerMinute: 600 })
    ask()
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 429, retryAfterMs: 1e12 })
    expect(limiter.stats().pausedForMs).toBe(1_000)
  })

  it('costs no tokens, but its request', async () => {
    const { limiter, leases, ask } = noted({ tokensPerMinute: 60_000, requestsPerMinute: 60, safety: 1 })
    ask({ input: 900, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 400 })
    expect(limiter.stats().limits).toMatchObject({ tokens: { available: 1_000 }, requests: { available: 0 } })
  })

  it('that does not say how long is followed by a second, then by twice as long', async () => {
    const { limiter, leases, ask } = noted({ requestsPerMinute: 6_000 })
    const refuse = async (): Promise<number> => {
      ask()
      await vi.advanceTimersByTimeAsync(limiter.waitMs(small) + 1)
      leases.at(-1)?.settle({ status: 429 })
      return limiter.stats().pausedForMs
    }
    expect([await refuse(), await refuse(), await refuse()]).toEqual([1_000, 2_000, 4_000])
  })
})

describe('a lease', () => {
  it('of a failed connect gives all of its reservation back', async () => {
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

  it('counts its end once', async () => {
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

  it('whose outcome makes no sense changes nothing', async () => {
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

describe('headers', () => {
  it('older than later reservations never credit what is gone', async () => {
    const { limiter, leases, askFor } = noted({ tokensPerMinute: 60_000, safety: 1 })
    askFor(10, { input: 100, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    expect(limiter.stats().limits.tokens?.available).toBe(0)
    // Written after the first of ten requests: nine are still to come.
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

  it('that tell of less than is thought to be there take it away', () => {
    const { limiter } = noted({ tokensPerMinute: 60_000, safety: 1 })
    limiter.learn({ tokens: { remaining: 10 } })
    expect(limiter.stats().limits.tokens?.available).toBe(10)
  })

  it('lower a configured limit, and never raise it', () => {
    const { limiter } = noted({ tokensPerMinute: 60_000 })
    limiter.learn({ tokens: { limit: 90_000 } })
    expect(limiter.stats().limits.tokens).toMatchObject({ limit: 60_000, learned: false })
    limiter.learn({ tokens: { limit: 30_000 } })
    expect(limiter.stats().limits.tokens?.limit).toBe(30_000)
  })

  it('teach limits that were not configured, and follow them when they change', () => {
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

  it('of which one says an absurd limit are forgotten after its window, and who waits goes on', async () => {
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

  it('that lowered a configured limit leave it as it was after their window', async () => {
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

  it('that repeat a limit keep it', async () => {
    const { limiter } = noted({})
    for (let time = 0; time < 10; time++) {
      limiter.learn({ requests: { limit: 600 } })
      await vi.advanceTimersByTimeAsync(50_000)
      expect(limiter.stats().limits.requests?.limit).toBe(600)
    }
  })

  it('with numbers that make no sense change nothing', () => {
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

  it('of a number without a unit are read by reset: 10 a second are about 50 in 5 s', async () => {
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
  ])('without a unit, or with a faster one, never slow what was configured: %j', async (headers) => {
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

  it('with a unit lower what was configured', () => {
    const { limiter } = noted({ requestsPerMinute: 600 })
    limiter.learn(parseRateLimitHeaders({ 'x-ratelimit-limit-second': '2' }))
    expect(limiter.stats().limits.requests).toMatchObject({ limit: 2, windowMs: 1_000 })
    limiter.learn(parseRateLimitHeaders({ 'x-ratelimit-limit-second': '20' }))
    expect(limiter.stats().limits.requests).toMatchObject({ limit: 600, windowMs: 60_000 })
  })

  it('that have nothing left in a fixed window let the first go when it begins again', async () => {
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

  it('of an hour are learned as a window of their own, and all of it may be used at once', async () => {
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

  it('whose reset is hours away tell of a day’s requests', () => {
    const { limiter } = noted({})
    // OpenAI’s free tier: 200 a day, one comes back in 432 s.
    limiter.learn({ requests: { limit: 200, remaining: 198, resetAfterMs: 864_000 } })
    expect(limiter.stats().limits).toMatchObject({ requestsPerDay: { limit: 200, windowMs: 86_400_000 } })
    expect(limiter.stats().limits).not.toHaveProperty('requests')
  })

  it('in steady use with long answers do not slow down what is allowed', async () => {
    const limiter = createRateLimiter({ tokensPerMinute: 60_000, safety: 1 })
    const end = Date.now() + 300_000
    let used = 0
    const worker = async (): Promise<void> => {
      while (Date.now() < end) {
        const lease = await limiter.acquire({ input: 1_000, output: 2_000 })
        // Half of the provider's minute is left all the time, told as it was when the request came.
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

describe('without any limit', () => {
  it('four start, and each good answer lets two more', async () => {
    const { limiter, starts, leases, askFor } = noted({})
    askFor(20)
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(4)
    expect(limiter.waitMs(small)).toBe(Infinity)
    for (const lease of leases.splice(0)) lease.settle({ status: 200 })
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(12)
  })

  it('what fails lets no more start than before', async () => {
    const { starts, leases, askFor } = noted({})
    askFor(20)
    await vi.advanceTimersByTimeAsync(0)
    for (const [index, lease] of leases.splice(0).entries())
      lease.settle(index % 2 === 0 ? {} : { status: 500 })
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(8)
  })

  it('the first answer that tells of limits ends the guessing', async () => {
    const { starts, leases, askFor } = noted({})
    askFor(100)
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 200, observed: { requests: { limit: 600, remaining: 590 } } })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(starts.length - 4).toBe(10)
  })

  it('refusals that tell nothing teach what went through, one lesson in a round trip', async () => {
    const { limiter, leases, askFor } = noted({})
    askFor(40)
    for (let second = 0; second < 2; second++) {
      await vi.advanceTimersByTimeAsync(1_000)
      for (const lease of leases.splice(0)) lease.settle({ status: 200 })
    }
    await vi.advanceTimersByTimeAsync(1_000)
    const refused = leases.splice(0)
    for (const lease of refused) lease.settle({ status: 429 })
    expect(refused.length).toBeGreaterThan(4)
    // 12 went through in 3 s: 240 a minute, of which four fifths.
    expect(limiter.stats().limits.requests).toMatchObject({ limit: 192, learned: true })
    expect(limiter.stats().pausedForMs).toBe(1_000)
  })

  it('a guess grows while nothing is refused, by a twentieth in ten seconds', async () => {
    const { limiter, leases, askFor } = noted({})
    askFor(2)
    await vi.advanceTimersByTimeAsync(1_000)
    leases[0]?.settle({ status: 200 })
    leases[1]?.settle({ status: 429 })
    expect(limiter.stats().limits.requests?.limit).toBeCloseTo(48)
    await vi.advanceTimersByTimeAsync(10_000)
    askFor(1)
    await vi.advanceTimersByTimeAsync(0)
    leases[2]?.settle({ status: 200 })
    expect(limiter.stats().limits.requests?.limit).toBeCloseTo(48 * 1.05)
  })
})

describe('the queue', () => {
  it('is first come, first served within a priority, small or large', async () => {
    const { limiter } = noted({ tokensPerMinute: 60_000, safety: 1 })
    const order: string[] = []
    const ask = (name: string, input: number, priority = 0): void =>
      void limiter.acquire({ input, output: 0 }, { priority }).then(() => order.push(name))
    ask('first', 1_000)
    ask('large', 20_000)
    ask('small', 10)
    ask('urgent', 10, 1)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(order).toEqual(['first', 'urgent', 'large', 'small'])
  })

  it('rejects at once, with the signal’s own reason, who aborts, and lets the next go on', async () => {
    const { limiter, starts, ask, errors } = noted({ tokensPerMinute: 60_000, safety: 1 })
    const controller = new AbortController()
    const add = vi.spyOn(controller.signal, 'addEventListener')
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    ask({ input: 900, output: 0 })
    ask({ input: 1_000, output: 0 }, { signal: controller.signal })
    ask({ input: 100, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(1)
    const reason = new Error('enough')
    controller.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect(errors).toEqual([reason])
    expect(starts).toEqual([0, 0])
    expect(limiter.stats().waiting).toBe(0)
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1])
    await expect(limiter.acquire(small, { signal: controller.signal })).rejects.toBe(reason)
  })

  it('holds maxQueue, and then refuses by name', async () => {
    const { errors, askFor, limiter } = noted({ requestsPerMinute: 60, maxQueue: 2 })
    askFor(4)
    await vi.advanceTimersByTimeAsync(0)
    expect(errors).toMatchObject([{ code: 'queue_full', queuedItems: 2 }])
    expect(QueueFullError.is(errors[0])).toBe(true)
    expect((errors[0] as Error).message).toContain('raise maxQueue')
    expect(limiter.stats()).toMatchObject({ waiting: 2, refused: 1 })
  })

  it('refuses at once what would wait longer than maxWaitMs', async () => {
    const { errors, askFor } = noted({ requestsPerMinute: 60, safety: 1, maxWaitMs: 2_000 })
    askFor(4)
    await vi.advanceTimersByTimeAsync(0)
    expect(errors).toMatchObject([{ code: 'rate_limit_wait', waitMs: 3_000, maxWaitMs: 2_000 }])
    expect(RateLimitWaitError.is(errors[0])).toBe(true)
  })

  it('sends away what has waited maxWaitMs, when a refusal came between', async () => {
    const { starts, leases, errors, askFor } = noted({ requestsPerMinute: 60, safety: 1, maxWaitMs: 2_000 })
    askFor(2)
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 429, retryAfterMs: 60_000 })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(errors).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(errors).toMatchObject([{ code: 'rate_limit_wait', waitMs: 58_000 }])
    expect(starts).toHaveLength(1)
  })

  it('has one timer at most, and none at rest', async () => {
    const { ask, askFor, limiter } = noted({
      requestsPerMinute: 600,
      tokensPerMinute: 60_000,
      maxWaitMs: 60_000,
    })
    expect(vi.getTimerCount()).toBe(0)
    const controller = new AbortController()
    askFor(30)
    ask(small, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(500)
    expect(vi.getTimerCount()).toBe(1)
    controller.abort('enough')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(limiter.stats().waiting).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('how long a request would wait', () => {
  it('is told before it asks, with all that is waiting already', async () => {
    const { limiter, starts, askFor } = noted({ requestsPerMinute: 60, safety: 1 })
    expect(limiter.waitMs(small)).toBe(0)
    askFor(5)
    expect(limiter.waitMs(small)).toBe(5_000)
    const asked = Date.now()
    askFor(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(starts.at(-1)).toBe(Date.now() - asked)
  })
})

describe('a clock', () => {
  it('that steps back an hour neither stalls nor bursts', async () => {
    let offset = 0
    const clock = { now: () => Date.now() + offset }
    const { starts, leases, askFor } = noted({ requestsPerMinute: 600, clock })
    askFor(200)
    await vi.advanceTimersByTimeAsync(5_000)
    offset = -3_600_000
    await vi.advanceTimersByTimeAsync(5_000)
    leases[0]?.settle({ status: 429, retryAfterMs: 1_000 })
    offset = -7_200_000
    await vi.advanceTimersByTimeAsync(5_000)
    expect(most(starts, 1_000)).toBe(10)
    expect(starts.length).toBeGreaterThan(130)
  })

  it('of one’s own is waited with', async () => {
    let now = 0
    const sleeps: { ms: number; wake: () => void }[] = []
    const clock = {
      now: () => now,
      sleep: (ms: number) => new Promise<void>((wake) => void sleeps.push({ ms, wake })),
    }
    const { starts, askFor } = noted({ requestsPerMinute: 60, safety: 1, clock })
    askFor(2)
    await vi.advanceTimersByTimeAsync(0)
    expect(sleeps.map(({ ms }) => ms)).toEqual([1_000])
    expect(vi.getTimerCount()).toBe(0)
    now = 1_000
    sleeps[0]?.wake()
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(2)
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
])('refuses %j', (options, message) => {
  expect(() => createRateLimiter(options as RateLimits)).toThrow(new TypeError(message))
})

describe('an acquire that does not wait', () => {
  it('starts at once or not at all, takes what it is given, and gives it back', async () => {
    const { limiter, starts, ask } = noted({ requestsPerMinute: 60, burstMs: 1_000, safety: 1 })
    const lease = limiter.tryAcquire(small)
    expect(lease).toBeDefined()
    expect(limiter.stats()).toMatchObject({ granted: 1, inFlight: 1, waiting: 0, refused: 0 })
    expect(limiter.tryAcquire(small)).toBeUndefined()
    lease?.cancel()
    expect(limiter.tryAcquire(small)).toBeDefined()
    ask()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(starts).toEqual([1_000])
  })

  it('passes nobody who waits, unless its priority is higher', async () => {
    const { limiter, starts, ask } = noted({ requestsPerMinute: 60, burstMs: 1_000, safety: 1 })
    limiter.tryAcquire(small)
    ask({ input: 1, output: 0 })
    await vi.advanceTimersByTimeAsync(999)
    expect(limiter.tryAcquire(small)).toBeUndefined()
    expect(starts).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(starts).toEqual([1_000])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(limiter.tryAcquire(small, { priority: 1 })).toBeDefined()
  })

  it('is given nothing for what could never start, and refuses nonsense by name', () => {
    const { limiter } = noted({ tokensPerMinute: 10 })
    expect(limiter.tryAcquire({ input: 11, output: 0 })).toBeUndefined()
    expect(() => limiter.tryAcquire({ input: -1, output: 0 })).toThrow('cost.input')
    expect(() => limiter.tryAcquire(small, { priority: NaN })).toThrow('priority')
  })
})

it('refuses a cost that is none, and unknown options of an acquire', async () => {
  const { acquire, waitMs } = createRateLimiter({})
  await expect(acquire({ input: -1, output: 0 })).rejects.toThrow(
    'cost.input must be a finite number of tokens',
  )
  await expect(acquire(5 as never)).rejects.toThrow('cost must be { input, output }, got 5')
  await expect(acquire(small, { prio: 1 } as never)).rejects.toThrow('did you mean priority?')
  expect(() => waitMs({ input: 0, output: NaN })).toThrow('cost.output')
})
