import type { Price } from '../reporting/price.ts'

/** Tiers at the usual price. Tiers such as `scale` are paid in advance; their tokens are counted at the usual price. */
const USUAL_PRICE = new Set(['auto', 'default', 'on_demand', 'scale', 'standard'])
/** Tiers at half the usual price, at OpenAI: https://platform.openai.com/docs/pricing */
const HALF_PRICE = new Set(['batch', 'flex'])
/** The price of OpenAI's tier `priority` by model, as a factor of the usual price: https://openai.com/api-priority-processing */
const PRIORITY_FACTORS: readonly (readonly [model: RegExp, factor: number])[] = [
  [/^gpt-4o-mini/, 5 / 3],
  [/^gpt-4o-2024-05-13/, 1.75],
  [/^gpt-4o/, 1.7],
  [/^gpt-4\.1-nano/, 2],
  [/^gpt-4\.1/, 1.75],
  [/^o3/, 1.75],
  [/^o4-mini/, 20 / 11],
  [/^gpt-5-mini/, 1.8],
]
/** The price of the tier `priority` for models that are not listed above, which are newer, as a factor of the usual price. */
const DEFAULT_PRIORITY_FACTOR = 2

/** The price of a service tier, as a factor of the usual price. Discounts apply only to OpenAI, whose discounts are known. */
export function tierFactor(tier: string | undefined, model: string, isOpenAI: boolean): number {
  if (tier === undefined || USUAL_PRICE.has(tier)) return 1
  if (HALF_PRICE.has(tier)) return isOpenAI ? 0.5 : 1
  if (tier !== 'priority') return 1
  return PRIORITY_FACTORS.find(([models]) => models.test(model))?.[1] ?? DEFAULT_PRIORITY_FACTOR
}

/**
 * The user's own price for a service tier: rates, and a factor by which they are multiplied. Undefined if the user has configured no price
 * for this tier.
 */
export function ownTier(
  price: Price,
  tier: string | undefined,
): { price: Price; factor: number } | undefined {
  const { tiers } = price
  if (tier === undefined || !tiers) return undefined
  const name = Object.keys(tiers).find((each) => each.toLowerCase() === tier)
  const own = name === undefined ? undefined : tiers[name]
  if (own === undefined) return undefined
  return typeof own === 'number' ? { price, factor: own } : { price: { ...price, ...own }, factor: 1 }
}
