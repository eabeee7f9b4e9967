import { describe, expect, it, vi } from 'vitest'
import { small, noted, most } from '../../test/rate-limiter.ts'

describe('a 429', () => {
  it('stops all starts of its limiter for its Retry-After of 7 s, and none of another one', async () => {
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

  it('is not followed by a burst', async () => {
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

  it('leads to a pause of a second when it requests years', async () => {
    const { limiter, leases, ask } = noted({ requestsPerMinute: 600 })
    ask()
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 429, retryAfterMs: 1e12 })
    expect(limiter.stats().pausedForMs).toBe(1_000)
  })

  it('costs its request, but no tokens', async () => {
    const { limiter, leases, ask } = noted({ tokensPerMinute: 60_000, requestsPerMinute: 60, safety: 1 })
    ask({ input: 900, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 400 })
    expect(limiter.stats().limits).toMatchObject({ tokens: { available: 1_000 }, requests: { available: 0 } })
  })

  it('leads to a pause of a second, then of twice as long, if it has no Retry-After', async () => {
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

describe('a limiter without any limit', () => {
  it('starts four requests, and two more with each success', async () => {
    const { limiter, starts, leases, askFor } = noted({})
    askFor(20)
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(4)
    expect(limiter.waitMs(small)).toBe(Infinity)
    for (const lease of leases.splice(0)) lease.settle({ status: 200 })
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(12)
  })

  it('starts no more requests after a failure than before', async () => {
    const { starts, leases, askFor } = noted({})
    askFor(20)
    await vi.advanceTimersByTimeAsync(0)
    for (const [index, lease] of leases.splice(0).entries())
      lease.settle(index % 2 === 0 ? {} : { status: 500 })
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(8)
  })

  it('stops guessing with the first answer that reports limits', async () => {
    const { starts, leases, askFor } = noted({})
    askFor(100)
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 200, observed: { requests: { limit: 600, remaining: 590 } } })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(starts.length - 4).toBe(10)
  })

  it('learns the rate of successes from 429s without headers, once per round trip', async () => {
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
    // 12 requests succeeded in 3 s, which is 240 per minute. The guess is four fifths of that.
    expect(limiter.stats().limits.requests).toMatchObject({ limit: 192, learned: true })
    expect(limiter.stats().pausedForMs).toBe(1_000)
  })

  it('raises its guess by a twentieth every ten seconds while there is no 429', async () => {
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
