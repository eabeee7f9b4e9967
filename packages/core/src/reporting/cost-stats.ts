/** What calls have cost so far, in US dollars. */
export interface CostStats {
  readonly spentUsd: number
  /** An upper estimate of what failed attempts may have cost that were sent and not answered. */
  readonly possiblyBilledUsd: number
  /**
   * What the same tokens would have cost at the requested target, minus what was paid; negative when the targets that took over are
   * more expensive.
   */
  readonly savedByFallbackUsd: number
  /** What the answers that came from the cache, or were shared between calls, would have cost. */
  readonly savedByCacheUsd: number
  /** How much more the answers of a provider's Batch API would have cost as single calls. */
  readonly savedByBatchUsd: number
  /** Answers with unknown price. They are not in any of the sums. */
  readonly unpricedCalls: number
}
