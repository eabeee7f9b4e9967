import type { ConcurrencyLimitStats, RateLimiterStats } from '@harbor/batch'

/** The limits of one quota group and their current state. */
export interface QuotaStats {
  readonly rate: RateLimiterStats
  readonly concurrency: ConcurrencyLimitStats | undefined
}
