import type { CallCost, TokenUsage } from '../reporting/receipt.ts'
import type { ModelUse } from '../reporting/token-usage.ts'
import type { Target } from '../reporting/target.ts'
import { areSameModel } from './listed-model.ts'

/** A cost in US dollars, the source of its price, and the parts whose price is unknown. */
export type PricedUse = Omit<CallCost, 'usage'>

/** A part of the usage of an answer that another model than the requested one has made. */
export interface UsePart {
  readonly target: Target
  readonly usage: TokenUsage
}

/**
 * Returns the parts of an answer that have to be priced apart, because the answer says that another model has made them. If it says so only
 * by its own name, and the user has given a price to the requested model, that price applies to the answer.
 * @param otherModel returns another model at the same provider
 */
export function partsOf(
  uses: readonly ModelUse[],
  requested: Target,
  otherModel: (model: string) => Target,
): readonly UsePart[] {
  const parts: UsePart[] = []
  for (const { model, usage, isStep } of uses) {
    if (areSameModel(model, requested.model ?? model)) continue
    if (isStep || !requested.price) parts.push({ target: otherModel(model), usage })
  }
  return parts
}

/** Adds up the costs of parts. The source of the price is that of the most expensive part. What is unknown of a part is named for all. */
export function sumOfCosts(costs: readonly PricedUse[]): PricedUse | undefined {
  const highest = costs.toSorted((one, other) => other.usd - one.usd)[0]
  if (!highest) return undefined
  const unpriced = [...new Set(costs.flatMap((cost) => cost.unpriced ?? []))]
  const usd = costs.reduce((sum, cost) => sum + cost.usd, 0)
  return { ...highest, usd, ...(unpriced.length > 0 && { unpriced }) }
}

/** Returns what remains of a usage without its parts. */
export function withoutParts(usage: TokenUsage, parts: readonly UsePart[]): TokenUsage {
  const left = (of: (each: TokenUsage) => number): number =>
    Math.max(0, of(usage) - parts.reduce((sum, part) => sum + of(part.usage), 0))
  const { cacheWriteTokensByTtl: _, ...rest } = usage
  const byTtl = Object.entries(usage.cacheWriteTokensByTtl ?? {}).map(([ttl]) => [
    ttl,
    left(({ cacheWriteTokensByTtl: writes }) => writes?.[ttl as keyof typeof writes] ?? 0),
  ])
  return {
    ...rest,
    inputTokens: left((each) => each.inputTokens),
    outputTokens: left((each) => each.outputTokens),
    cachedInputTokens: left((each) => each.cachedInputTokens),
    cacheWriteInputTokens: left((each) => each.cacheWriteInputTokens),
    reasoningTokens: left((each) => each.reasoningTokens),
    ...(byTtl.length > 0 && {
      cacheWriteTokensByTtl: Object.fromEntries(byTtl) as TokenUsage['cacheWriteTokensByTtl'],
    }),
  }
}
