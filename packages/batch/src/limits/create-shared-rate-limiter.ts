import type { RateLimiter } from './contracts.ts'
import { rateLimiterOf } from './create-rate-limiter.ts'
import type { LimitSource } from './limit-source.ts'
import { TokenBucketLimiter } from './rate-limiter.ts'
import { settingsOf, type RateLimits } from './rate-limits.ts'

export type { LimitSource, SharedBucket, SharedLimit, SharedLimiter } from './limit-source.ts'

/**
 * Creates a rate limiter whose limits are shared by several processes: its token buckets are filled by `source`, not with time. Requests wait in each
 * process as in `createRateLimiter`. `@harbor/redis` has such a source. This entry point is made for it and for other companion packages, and may
 * change in any release.
 *
 * @param options the known limits, as for `createRateLimiter`
 * @param source fills the buckets of the limits, and is called when requests take from them. Use a source for one limiter only
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createSharedRateLimiter(options: RateLimits, source: LimitSource): RateLimiter {
  return rateLimiterOf(new TokenBucketLimiter(settingsOf(options), source))
}
