import type { TokenUsage } from './receipt.ts'

/** What the calls of one group cost: a row of `harbor.costReport()`. */
export interface CostRow {
  /** The group: the value of each of the dimensions that were requested, such as `{ tenant: 'acme', model: 'gpt-4' }`. */
  readonly by: Readonly<Record<string, string>>
  /** The number of finished calls; prefetches do not count. */
  readonly calls: number
  /**
   * The tokens of the answers that providers made, by class, as in `usage` of a receipt. Answers from the cache do not count. `inputTokens` and
   * `outputTokens` are totals that include the other classes.
   */
  readonly tokens: CostTokens
  /** The cost of the answers whose price is known, in US dollars, prefetches included. */
  readonly spentUsd: number
  /** The money saved, in US dollars, with the same meaning as in `stats().cost`. */
  readonly savedUsd: {
    /** By fallback targets that are cheaper than the requested one; negative if they are more expensive. */
    readonly fallback: number
    /** By answers that came from the cache or were shared between calls. */
    readonly cache: number
    /** By a provider's Batch API, compared with single calls. */
    readonly batch: number
  }
  /**
   * An upper estimate of the cost of attempts that were sent and failed without a valid answer, in US dollars; the provider may have billed them. Not
   * part of `spentUsd`.
   */
  readonly possiblyBilledUsd: number
  /** The number of answers whose price is unknown or incomplete. Unknown costs are not included in the other values. */
  readonly unpricedCalls: number
}

/** The numbers of tokens of a row of a cost report, by class. `inputTokens` and `outputTokens` are totals; the other classes are parts of them. */
export type CostTokens = Readonly<Record<(typeof TOKEN_CLASSES)[number], number>>

/** The classes of tokens in a cost report, in the order of its columns. */
export const TOKEN_CLASSES = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteInputTokens',
  'audioInputTokens',
  'outputTokens',
  'reasoningTokens',
  'audioOutputTokens',
  'imageOutputTokens',
] as const satisfies readonly (keyof TokenUsage)[]

/** What a cost report is grouped by: the model, the provider, the target (`provider/model`), or the name of a label. */
export type CostDimension = 'model' | 'provider' | 'target' | (string & {})

/** Options of `costReport()`: what its rows are grouped by. */
export interface CostReportOptions {
  /**
   * What the rows are grouped by. A label named `model`, `provider` or `target` cannot be used here. An empty list makes one row, with the
   * totals. @default ['target']
   */
  by?: readonly CostDimension[] | undefined
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** The numbers of a row, to which those of calls are added. */
export interface CostAmounts extends Omit<Mutable<CostRow>, 'by' | 'savedUsd' | 'tokens'> {
  readonly tokens: Mutable<CostTokens>
  readonly savedUsd: Mutable<CostRow['savedUsd']>
}

export function newAmounts(): CostAmounts {
  return {
    calls: 0,
    tokens: Object.fromEntries(TOKEN_CLASSES.map((name) => [name, 0])) as Mutable<CostTokens>,
    spentUsd: 0,
    savedUsd: { fallback: 0, cache: 0, batch: 0 },
    possiblyBilledUsd: 0,
    unpricedCalls: 0,
  }
}

export function addTokens(sum: Mutable<CostTokens>, added: Partial<TokenUsage> = {}): void {
  for (const name of TOKEN_CLASSES) sum[name] += added[name] ?? 0
}

export function addAmounts(sum: CostAmounts, added: CostAmounts): void {
  sum.calls += added.calls
  addTokens(sum.tokens, added.tokens)
  sum.spentUsd += added.spentUsd
  sum.savedUsd.fallback += added.savedUsd.fallback
  sum.savedUsd.cache += added.savedUsd.cache
  sum.savedUsd.batch += added.savedUsd.batch
  sum.possiblyBilledUsd += added.possiblyBilledUsd
  sum.unpricedCalls += added.unpricedCalls
}
