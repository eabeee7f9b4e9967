import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'
import { typicalPrice } from '../targets/cheapest.ts'

/** The facts on which the price of a service tier depends. */
export interface TierContext {
  /** The vendor whose published prices apply; undefined if it is unknown. */
  readonly vendor: string | undefined
  readonly model: string
}

/**
 * How many times the usual price a tier costs. With `rows`, the number depends on the model: the first matching row applies, and `others`
 * to all other models.
 */
type Factor =
  number | { readonly rows: readonly (readonly [models: RegExp, factor: number])[]; readonly others: number }

/** The tiers that cost the usual price. Some of them are capacity that was paid in advance; Harbor counts its tokens at the usual price. */
const USUAL_PRICE = new Set([
  'auto',
  'default',
  'offpeak',
  'on_demand',
  'provisioned_throughput',
  'scale',
  'standard',
  'standard_only',
  'traffic_type_unspecified',
  'unspecified',
])

/** The price of OpenAI's tier `priority`, which requests may also call `fast`: https://developers.openai.com/api/docs/guides/fast-mode */
const OPENAI_PRIORITY: Factor = {
  rows: [
    [/^gpt-4o-mini/, 5 / 3],
    [/^gpt-4o-2024-05-13/, 1.75],
    [/^gpt-4o/, 1.7],
    [/^gpt-4\.1-nano/, 2],
    [/^gpt-4\.1/, 1.75],
    [/^o3/, 1.75],
    [/^o4-mini/, 20 / 11],
    [/^gpt-5-mini/, 1.8],
  ],
  others: 2,
}

/** The tiers that cost more than usual at OpenAI. The same prices are assumed at vendors whose prices Harbor does not know. */
const SURCHARGES = { priority: OPENAI_PRIORITY, fast: OPENAI_PRIORITY, ultrafast: 6 }

/** The published prices of service tiers, by vendor, as multiples of the usual price. */
const PUBLISHED: Readonly<Record<string, Readonly<Record<string, Factor>>>> = {
  // https://developers.openai.com/api/docs/pricing, and for the two windows of background responses
  // https://developers.openai.com/api/docs/guides/flex-processing
  openai: { ...SURCHARGES, batch: 0.5, flex: 0.5, '8h': 0.6, '2h': 0.7 },
  // https://platform.claude.com/docs/en/about-claude/pricing and https://platform.claude.com/docs/en/build-with-claude/fast-mode;
  // `priority` is capacity that was paid in advance: https://platform.claude.com/docs/en/api/service-tiers
  anthropic: {
    batch: 0.5,
    priority: 1,
    fast: { rows: [[/opus-(?:4[.-]8|5)(?:[@-]\d{8})?$/, 2]], others: 6 },
  },
  // https://ai.google.dev/gemini-api/docs/optimization; `priority` costs 75 to 100 percent more.
  google: { batch: 0.5, flex: 0.5, priority: 2 },
}
/** The prefix of the names of tiers in answers of Google, such as `ON_DEMAND_FLEX` and `SERVICE_TIER_FLEX`. */
const GOOGLE_PREFIX = /^(?:on_demand|service_tier)_/
/** The assumed factor of a tier that is not in the list of its vendor, although Harbor has a list of that vendor. */
const UNKNOWN_TIER = 2
/** The factor for inference in one region. It is from Anthropic's pricing, and is used for other vendors, too. */
const REGION = 1.1

/**
 * Returns the price at a service tier: the rates, and a factor by which the cost of the tokens is multiplied. The user's own prices in
 * `tiers` take precedence over published ones. A published discount applies only at the vendor that publishes it.
 * @param tier the tier, in lower case. A colon and another word may follow, which also changes the price: a region, such as `us` in
 * `fast:us`, or the time within which the answer is due, such as `8h` in `default:8h`
 */
export function atTier(
  price: Price,
  tier: string | undefined,
  context: TierContext,
): { price: Price; factor: number } {
  if (tier === undefined) return { price, factor: 1 }
  let rates = price
  let factor = 1
  const words = ownTier(price, tier) === undefined ? tier.split(':') : [tier]
  for (const [place, word] of words.entries()) {
    const plain = word.replace(GOOGLE_PREFIX, '')
    const own = ownTier(price, word) ?? ownTier(price, plain)
    if (typeof own === 'object') rates = { ...rates, ...own }
    else factor *= own ?? (place === 0 ? tierFactor(plain, context) : conditionFactor(plain, context))
  }
  return { price: rates, factor }
}

/**
 * Returns how much a tier is likely to cost, as a multiple of the usual price. It is for the order of tiers alone: unlike the price of an answer, it
 * assumes the discounts of OpenAI at providers that publish none.
 */
export function likelyFactor(price: Price, tier: string, context: TierContext): number {
  const isKnown =
    hasTier(price, tier) ||
    USUAL_PRICE.has(tier) ||
    factorIn(publishedBy(context.vendor) ?? {}, tier) !== undefined
  const vendor = isKnown ? context.vendor : 'openai'
  const { price: rates, factor } = atTier(price, tier, { ...context, vendor })
  return (typicalPrice(rates) * factor) / typicalPrice(price)
}

/** Whether the user has configured a price of their own for a tier. */
export function hasTier(price: Price | undefined, tier: string): boolean {
  return price !== undefined && ownTier(price, tier) !== undefined
}

const VENDOR_HOSTS: readonly (readonly [address: RegExp, vendor: string])[] = [
  [/^https:\/\/api\.openai\.com\//, 'openai'],
  [/^https:\/\/api\.anthropic\.com(?:\/|$)/, 'anthropic'],
  [/^https:\/\/(?:[\w-]+\.)+googleapis\.com(?:\/|$)/, 'google'],
]

/**
 * Returns the vendor whose service tiers apply to a target. The vendor is found by the base URL or the kind of the provider; undefined if
 * it is unknown.
 */
export function vendorOf({ baseURL, kind }: Target): string | undefined {
  const vendor = VENDOR_HOSTS.find(([address]) => address.test(baseURL))?.[1]
  return vendor ?? (kind === 'anthropic' || kind === 'google' ? kind : undefined)
}

/** Returns the user's own price for a tier, or a factor; undefined if the user has configured neither. */
function ownTier({ tiers }: Price, tier: string): number | Partial<Price> | undefined {
  const name = tiers && Object.keys(tiers).find((each) => each.toLowerCase() === tier)
  return name === undefined ? undefined : tiers?.[name]
}

function tierFactor(tier: string, { vendor, model }: TierContext): number {
  if (USUAL_PRICE.has(tier)) return 1
  const published = publishedBy(vendor)
  const factor = factorIn(published ?? SURCHARGES, tier)
  if (factor === undefined) return published ? UNKNOWN_TIER : 1
  if (typeof factor === 'number') return factor
  return factor.rows.find(([models]) => models.test(model))?.[1] ?? factor.others
}

/** Returns the factor of a word that follows the name of a tier: the time within which the answer is due, or a region. */
function conditionFactor(condition: string, { vendor }: TierContext): number {
  const factor = factorIn(publishedBy(vendor) ?? {}, condition)
  if (typeof factor === 'number') return factor
  return /^\d+[hm]$/.test(condition) ? 1 : REGION
}

function publishedBy(vendor = ''): Readonly<Record<string, Factor>> | undefined {
  return Object.hasOwn(PUBLISHED, vendor) ? PUBLISHED[vendor] : undefined
}

function factorIn(tiers: Readonly<Record<string, Factor>>, tier: string): Factor | undefined {
  return Object.hasOwn(tiers, tier) ? tiers[tier] : undefined
}
