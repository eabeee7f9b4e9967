/** The cost of all calls of a client and its copies since it was created, in US dollars. */
export interface CostStats {
  /** The cost of all answers whose price is known, prefetches included, in US dollars. */
  readonly spentUsd: number
  /**
   * An upper estimate of the cost of attempts that were sent and failed without a valid answer, in US dollars; the provider may have billed them. Not
   * part of `spentUsd`.
   */
  readonly possiblyBilledUsd: number
  /**
   * The money saved because another target took over, in US dollars: the cost that the same tokens would have had at the requested target, minus the
   * actual cost. Negative if the targets that took over are more expensive.
   */
  readonly savedByFallbackUsd: number
  /** The cost saved by answers that came from the cache or were shared between calls, in US dollars. Not part of `spentUsd`. */
  readonly savedByCacheUsd: number
  /** The cost saved by a provider's Batch API, compared with the same requests as single calls, in US dollars. Not part of `spentUsd`. */
  readonly savedByBatchUsd: number
  /**
   * The number of answers whose price is unknown, or incomplete because the provider ran a tool without a known price. Unknown costs are
   * not included in the other values.
   */
  readonly unpricedCalls: number
}

/**
 * How much of a spend limit is used in its current period, in US dollars: by all calls, or by those with one value of a label. In a fleet that
 * shares spend limits, by those of all processes, as far as this one knows.
 */
export interface SpendState {
  /** The limit, in US dollars for each period, as the option sets it. */
  readonly limitUsd: number
  /** The period: the count starts again each `hour` or `day` in UTC, or never (`total`). */
  readonly per: 'hour' | 'day' | 'total'
  /** The name of the label, if each of its values has this limit for itself; missing if all calls share the limit. */
  readonly by?: string | undefined
  /** The value of this label; '' for calls without it. */
  readonly value?: string | undefined
  /** The amount spent in the current period, in US dollars, including the highest possible cost of attempts that failed and may have been billed. */
  readonly usedUsd: number
  /** The highest possible cost of the calls in flight, which is reserved for them, in US dollars. Not part of `usedUsd`. */
  readonly reservedUsd: number
  /** What may still be spent in the current period, in US dollars: the limit minus `usedUsd` and `reservedUsd`, at least 0. */
  readonly leftUsd: number
  /** When the period ends and the count starts again, in milliseconds since the epoch; undefined if `per` is `total`. */
  readonly untilMs: number | undefined
}
