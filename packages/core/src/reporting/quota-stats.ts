import type { ConcurrencyLimitStats, RateLimiterStats } from '@harbor/batch'

/** How the limits of one quota group stand. */
export interface QuotaStats {
  readonly rate: RateLimiterStats
  readonly concurrency: ConcurrencyLimitStats | undefined
}
