import type { RateLimiter } from './contracts.ts'
import { TokenBucketLimiter } from './rate-limiter.ts'
import { settingsOf, type RateLimits } from './rate-limits.ts'

/**
 * Keeps requests within a provider's limits, so that they wait here instead of being rejected there. Reserves an
 * estimate before each request, settles with the actual usage, and learns limits that were not configured.
 *
 * ```ts
 * const limiter = createRateLimiter({ requestsPerMinute: 600, tokensPerMinute: 90_000 })
 * const lease = await limiter.acquire({ input: 1_200, output: 300 })
 * ```
 *
 * Each limit has a token bucket (https://en.wikipedia.org/wiki/Token_bucket) that refills at `safety` of the limit and
 * holds `burstMs` of it.
 *
 * @param options the known limits; without any, the limiter starts with four requests and learns from their answers
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createRateLimiter(options: RateLimits = {}): RateLimiter {
  const limiter = new TokenBucketLimiter(settingsOf(options))
  // Functions of their own, so that they can be destructured from the object.
  return {
    acquire: (cost, acquireOptions) => limiter.acquire(cost, acquireOptions),
    tryAcquire: (cost, acquireOptions) => limiter.tryAcquire(cost, acquireOptions),
    waitMs: (cost) => limiter.waitMs(cost),
    learn: (limits) => limiter.learn(limits),
    stats: () => limiter.stats(),
  }
}
