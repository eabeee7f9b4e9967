import type { ConcurrencyLimitStats, RateLimiterStats } from '@harbor/batch'

/** The limits of one quota group and their current state. A quota group is a set of targets that share rate limits. */
export interface QuotaStats {
  readonly rate: RateLimiterStats
  readonly concurrency: ConcurrencyLimitStats | undefined
}
