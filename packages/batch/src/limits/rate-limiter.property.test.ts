import { array, assert, asyncProperty, boolean, integer, nat, property, record } from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Bucket } from './bucket.ts'
import { createRateLimiter } from './create-rate-limiter.ts'

const SAFETY = 0.95

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Start {
  atMs: number
  tokens: number
}

/** Whether every span of time uses at most its refill and one burst, or one request that is larger than a burst. */
function keeps(
  starts: readonly Start[],
  perMinute: number,
  burstMs: number,
  sizeOf: (start: Start) => number,
): boolean {
  const perMs = (perMinute * SAFETY) / 60_000
  return starts.every((from, index) => {
    let sum = 0
    return starts.slice(index).every((to) => {
      sum += sizeOf(to)
      // The last request of the span starts when the bucket holds its amount, or is full.
      const allowed =
        (to.atMs - from.atMs) * perMs +
        Math.max(perMs * burstMs, sizeOf(to)) +
        largestDebt(starts, sizeOf, perMs * burstMs)
      return sum <= allowed + 1e-6
    })
  })
}

/** A request that is larger than a burst leaves a debt when it starts. */
function largestDebt(starts: readonly Start[], sizeOf: (start: Start) => number, burst: number): number {
  return Math.max(0, ...starts.map((start) => sizeOf(start) - burst))
}

it('a rate limiter never starts more than limit × time + burst in any window, whatever arrives, is settled or is rejected', async () => {
  const arrival = record({
    afterMs: nat(3_000),
    tokens: integer({ min: 1, max: 3_000 }),
    latencyMs: nat(5_000),
    refused: boolean(),
    retryAfterMs: nat(2_000),
    priority: nat(2),
  })
  await assert(
    asyncProperty(
      array(arrival, { maxLength: 40 }),
      integer({ min: 0, max: 5_000 }),
      async (arrivals, burstMs) => {
        const limiter = createRateLimiter({ requestsPerMinute: 60, tokensPerMinute: 60_000, burstMs })
        const starts: Start[] = []
        for (const { afterMs, tokens, latencyMs, refused, retryAfterMs, priority } of arrivals) {
          await vi.advanceTimersByTimeAsync(afterMs)
          void limiter.acquire({ input: tokens, output: 0 }, { priority }).then((lease) => {
            starts.push({ atMs: Date.now(), tokens })
            const outcome = refused
              ? { status: 429, retryAfterMs, usage: { input: tokens, output: 0 } }
              : {
                  status: 200,
                  usage: { input: tokens, output: 0 },
                  observed: { requests: { remaining: 40 } },
                }
            setTimeout(() => lease.settle(outcome), latencyMs)
          })
        }
        await vi.advanceTimersByTimeAsync(3_600_000)
        expect(starts).toHaveLength(arrivals.length)
        expect(keeps(starts, 60, burstMs, () => 1)).toBe(true)
        expect(keeps(starts, 60_000, burstMs, ({ tokens }) => tokens)).toBe(true)
        expect(limiter.stats()).toMatchObject({ inFlight: 0, waiting: 0 })
        expect(vi.getTimerCount()).toBe(0)
      },
    ),
    { numRuns: 150 },
  )
})

it('a bucket never promises a time that is too early, nor one later than necessary', () => {
  const step = record({ afterMs: nat(2_000), amount: integer({ min: 1, max: 30 }) })
  assert(
    property(array(step, { maxLength: 50 }), (steps) => {
      const options = { limit: 600, windowMs: 60_000, safety: 1, burstMs: 1_000, first: Infinity }
      const bucket = new Bucket(options, false, 0)
      let now = 0
      for (const { afterMs, amount } of steps) {
        now += afterMs
        const at = bucket.readyAt(amount, now)
        if (at > now) expect(bucket.available(now)).toBeLessThan(Math.min(amount, 10))
        now = at
        expect(bucket.available(now)).toBeGreaterThanOrEqual(Math.min(amount, 10) - 1e-6)
        bucket.take(amount, now)
      }
    }),
  )
})

it('a bucket accounts for what was taken and corrected, and never refills above its capacity', () => {
  const step = record({
    afterMs: nat(500),
    estimate: nat(100),
    used: nat(100),
    what: integer({ min: 0, max: 3 }),
    remaining: nat(1_000),
  })
  assert(
    property(array(step, { maxLength: 80 }), (steps) => {
      const options = { limit: 600, windowMs: 60_000, safety: 1, burstMs: 1_000, first: Infinity }
      const bucket = new Bucket(options, false, 0)
      let now = 0
      let corrected = 0
      for (const { afterMs, estimate, used, what, remaining } of steps) {
        now += afterMs
        const before = bucket.available(now)
        if (what === 0) bucket.take(estimate, now)
        else if (what === 1) {
          bucket.correct(estimate, used, now)
          corrected += Math.max(0, estimate - used)
        } else if (what === 2) {
          bucket.observe(remaining, { taken: bucket.taken, atMs: now }, now)
          expect(bucket.available(now)).toBeLessThanOrEqual(before)
        } else {
          bucket.undo(estimate, now)
          expect(bucket.available(now)).toBeLessThanOrEqual(Math.max(before, 10))
        }
        expect(bucket.available(now)).toBeLessThanOrEqual(10 + corrected + 1e-6)
      }
      expect(bucket.available(now + 3_600_000)).toBeCloseTo(10)
    }),
  )
})
