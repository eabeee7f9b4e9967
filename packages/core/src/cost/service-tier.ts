import type { Price } from '../reporting/target.ts'

/** Tiers at the usual price. `scale` and its like are paid for ahead; their tokens are counted at the usual price. */
const USUAL = new Set(['auto', 'default', 'on_demand', 'scale', 'standard'])
/** OpenAI's flex and batch processing: https://platform.openai.com/docs/pricing */
const HALF = new Set(['batch', 'flex'])
/** OpenAI's priority processing, by model; newer ones cost twice the usual price: https://openai.com/api-priority-processing */
const PRIORITY: readonly (readonly [model: RegExp, factor: number])[] = [
  [/^gpt-4o-mini/, 5 / 3],
  [/^gpt-4o-2024-05-13/, 1.75],
  [/^gpt-4o/, 1.7],
  [/^gpt-4\.1-nano/, 2],
  [/^gpt-4\.1/, 1.75],
  [/^o3/, 1.75],
  [/^o4-mini/, 20 / 11],
  [/^gpt-5-mini/, 1.8],
]
const PRIORITY_OF_OTHERS = 2

/** What a tier costs, as a part of the usual price. A discount is given only where the provider is known to give it. */
export function tierFactor(tier: string | undefined, model: string, isOpenAI: boolean): number {
  if (tier === undefined || USUAL.has(tier)) return 1
  if (HALF.has(tier)) return isOpenAI ? 0.5 : 1
  if (tier !== 'priority') return 1
  return PRIORITY.find(([models]) => models.test(model))?.[1] ?? PRIORITY_OF_OTHERS
}

/** The user's own price in a tier: a factor, and the rates to which it applies. */
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
