/** What calls have cost so far, in US dollars, as far as prices are known. */
export interface CostStats {
  readonly spentUsd: number
  /** At most what failed attempts may have cost besides, which were sent and not answered; estimated. */
  readonly possiblyBilledUsd: number
  /**
   * What the same tokens would have cost at the target that was asked for, less what was paid; negative when those that took over
   * are dearer.
   */
  readonly savedByFallbackUsd: number
  /** What the answers that came from the cache, or were shared, would have cost. */
  readonly savedByCacheUsd: number
  /** What answers of a provider's Batch API would have cost more, had they been asked for one by one. */
  readonly savedByBatchUsd: number
  /** Answers whose price nobody knows. They are in none of the sums. */
  readonly unpricedCalls: number
}
