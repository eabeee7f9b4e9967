import type { RateLimiter } from './contracts.ts'
import { QuotaRateLimiter } from './rate-limiter.ts'
import { settingsOf, type RateLimits } from './rate-limits.ts'

/**
 * Keeps requests within a provider's limits, so that they wait here instead of being refused there. Reserves an estimate
 * before a request, settles with what it really used, and learns what it was not told.
 *
 * ```ts
 * const limiter = createRateLimiter({ requestsPerMinute: 600, tokensPerMinute: 90_000 })
 * const lease = await limiter.acquire({ input: 1_200, output: 300 })
 * ```
 *
 * A bucket for each limit (https://en.wikipedia.org/wiki/Token_bucket) refills at `safety` of it and holds `burstMs` of it.
 *
 * @param options what is known; without any limit it begins with four requests and learns from their answers
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createRateLimiter(options: RateLimits = {}): RateLimiter {
  const limiter = new QuotaRateLimiter(settingsOf(options))
  // Functions of their own, so that they may be taken out of the object.
  return {
    acquire: (cost, acquireOptions) => limiter.acquire(cost, acquireOptions),
    tryAcquire: (cost, acquireOptions) => limiter.tryAcquire(cost, acquireOptions),
    waitMs: (cost) => limiter.waitMs(cost),
    learn: (limits) => limiter.learn(limits),
    stats: () => limiter.stats(),
  }
}
