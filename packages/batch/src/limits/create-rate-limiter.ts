import type { RateLimiter } from './contracts.ts'
import { TokenBucketLimiter } from './rate-limiter.ts'
import { settingsOf, type RateLimits } from './rate-limits.ts'

/**
 * Creates a rate limiter: requests wait here instead of being rejected by the provider. Each request reserves its estimated tokens before it is sent,
 * and is settled with the tokens it used. Limits that are not configured are learned from the provider's answers.
 *
 * ```ts
 * const limiter = createRateLimiter({ requestsPerMinute: 600, tokensPerMinute: 90_000 })
 * const lease = await limiter.acquire({ input: 1_200, output: 300 })
 * ```
 *
 * Each limit has a token bucket (https://en.wikipedia.org/wiki/Token_bucket). The bucket is refilled at the rate of the limit times `safety`, and
 * holds at most the refill of `burstMs`. The bucket for requests per day holds those of a whole day.
 *
 * @param options the known limits. Without any, at most four requests are in flight until the first answers arrive
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createRateLimiter(options: RateLimits = {}): RateLimiter {
  return rateLimiterOf(new TokenBucketLimiter(settingsOf(options)))
}

/** Returns the public interface of a limiter. */
export function rateLimiterOf(limiter: TokenBucketLimiter): RateLimiter {
  // Closures, so that callers can destructure them from the object.
  return {
    acquire: (cost, acquireOptions) => limiter.acquire(cost, acquireOptions),
    tryAcquire: (cost, acquireOptions) => limiter.tryAcquire(cost, acquireOptions),
    waitMs: (cost) => limiter.waitMs(cost),
    learn: (limits) => limiter.learn(limits),
    stats: () => limiter.stats(),
  }
}
