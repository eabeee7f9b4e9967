import type { ConcurrencyLimitStats, RateLimiterStats } from '@harbor/batch'

/** The limits of one quota group and their current state. A quota group is a set of targets that share rate limits. */
export interface QuotaStats {
  /** The rate limits of the group, and how many requests wait for them. */
  readonly rate: RateLimiterStats
  /** The limit on requests in flight; undefined without `limits.maxConcurrency`. */
  readonly concurrency: ConcurrencyLimitStats | undefined
}
