import { array, assert, constantFrom, option, property, record } from 'fast-check'
import { expect, it } from 'vitest'
import type { Outcome } from './contracts.ts'
import { createRateLimiter } from './create-rate-limiter.ts'

const HOUR_MS = 3_600_000

it('a rate limiter never blocks a request for longer than a day, whatever numbers the provider sends and however the clock jumps', () => {
  const odd = constantFrom(
    0,
    -0,
    -1,
    0.5,
    1,
    10,
    600,
    1e9,
    1e15,
    1e300,
    NaN,
    Infinity,
    -Infinity,
    undefined,
    null,
    '5',
  )
  const observed = record({
    limit: odd,
    remaining: odd,
    resetAfterMs: odd,
    windowMs: odd,
    unknownWindow: constantFrom(true, undefined),
  })
  const step = record({
    afterMs: constantFrom(0, 1, 50, 1_000, 60_000, 1e7),
    jumpMs: constantFrom(0, 0, -HOUR_MS, HOUR_MS),
    cost: constantFrom(
      { input: 0, output: 0 },
      { input: 10, output: 10 },
      { input: 1e300, output: 1e300, estimated: true },
    ),
    status: constantFrom(200, 429, 500, 400, undefined),
    retryAfterMs: odd,
    usage: option(record({ input: odd, output: odd }), { nil: undefined }),
    kind: constantFrom('requests', 'tokens', 'inputTokens', 'requestsPerDay'),
    observed,
    isCancelled: constantFrom(false, false, true),
  })
  const options = constantFrom(
    {},
    { requestsPerMinute: 600 },
    { tokensPerMinute: 60_000 },
    { requestsPerMinute: 60, tokensPerMinute: 1_000, burstMs: 0 },
  )
  assert(
    property(options, array(step, { maxLength: 30 }), (limits, steps) => {
      let now = 1e12
      const clock = { now: () => now, sleep: () => new Promise<void>(() => undefined) }
      const limiter = createRateLimiter({ ...limits, clock })
      for (const { afterMs, jumpMs, cost, kind, isCancelled, ...rest } of steps) {
        now += afterMs + jumpMs
        const outcome = { ...rest, observed: { [kind]: rest.observed } } as unknown as Outcome
        const lease = limiter.tryAcquire(cost)
        if (!lease) limiter.learn(outcome.observed ?? {})
        else if (isCancelled) lease.cancel()
        else lease.settle(outcome)
      }
      const request = { input: 10, output: 10, estimated: true }
      const begun = now
      for (let wait = limiter.waitMs(request); wait > 0; wait = limiter.waitMs(request)) {
        expect(now - begun).toBeLessThanOrEqual(24 * HOUR_MS)
        now += Math.max(1, Math.min(wait, HOUR_MS))
      }
      for (const limit of Object.values(limiter.stats().limits))
        expect([limit.limit, limit.windowMs, limit.available].every(Number.isFinite)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
