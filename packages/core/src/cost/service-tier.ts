import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'

/** On what the price of a service tier depends. */
export interface TierContext {
  /** The vendor whose published prices apply; undefined if it is unknown. */
  readonly vendor: string | undefined
  readonly model: string
}

/** A factor of the usual price, or one for each model: that of the first matching row, or the last one for models in no row. */
type Factor =
  number | { readonly rows: readonly (readonly [models: RegExp, factor: number])[]; readonly others: number }

/** Tiers at the usual price. Some of them are paid in advance; their tokens are counted at the usual price. */
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

/** OpenAI's tier `priority`, for which requests also say `fast`: https://developers.openai.com/api/docs/guides/fast-mode */
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

/** Tiers above the usual price, which are assumed at other vendors, too. */
const SURCHARGES = { priority: OPENAI_PRIORITY, fast: OPENAI_PRIORITY, ultrafast: 6 }

/** The published prices of service tiers, by vendor. */
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
/** What Google writes before the name of a tier: `ON_DEMAND_FLEX`, `SERVICE_TIER_FLEX`. */
const GOOGLE_PREFIX = /^(?:on_demand|service_tier)_/
/** The factor of a tier that a vendor with published prices has not published. */
const UNKNOWN_TIER = 2
/** The factor for inference in one region, which Anthropic publishes in its pricing. */
const REGION = 1.1

/**
 * A price at a service tier: rates, and a factor by which the cost of the tokens is multiplied. The price's own `tiers` take precedence
 * over published prices; of those, discounts apply only at the vendor that publishes them.
 * @param tier in lower case. Further words that change the price follow after colons: a region, such as `us` in `fast:us`, or a time in
 * which the answer is due, such as `8h` in `default:8h`
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

/** Whether the user has configured a price of their own for a tier. */
export function hasTier(price: Price | undefined, tier: string): boolean {
  return price !== undefined && ownTier(price, tier) !== undefined
}

const VENDOR_HOSTS: readonly (readonly [address: RegExp, vendor: string])[] = [
  [/^https:\/\/api\.openai\.com\//, 'openai'],
  [/^https:\/\/api\.anthropic\.com(?:\/|$)/, 'anthropic'],
  [/^https:\/\/(?:[\w-]+\.)+googleapis\.com(?:\/|$)/, 'google'],
]

/** The vendor whose service tiers a target has, by its address or the kind of its provider; undefined if it is unknown. */
export function vendorOf({ baseURL, kind }: Target): string | undefined {
  const vendor = VENDOR_HOSTS.find(([address]) => address.test(baseURL))?.[1]
  return vendor ?? (kind === 'anthropic' || kind === 'google' ? kind : undefined)
}

/** The user's own price for a tier; undefined if the user has configured none. */
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

/** The factor of a word after the name of the tier: a time in which the answer is due, or a region. */
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
