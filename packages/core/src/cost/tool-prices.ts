import type { Price } from '../reporting/price.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'

type ToolUses = TokenUsage['serverToolUses']
/** The price of one use of each tool that a provider runs, in US dollars, by the name under which the uses are counted. */
export type ToolPrices = Readonly<Record<string, number>>

/** The server tools without a price of their own: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool */
const FREE_TOOLS = new Set(['web_fetch_requests'])

/**
 * Returns the cost of the tools that the provider ran, in US dollars. The user's own price of a tool comes first, then the published one. A
 * tool with neither costs as much as the most expensive one that has a price. If no price is known at all, it is left out: see
 * `unpricedTools`.
 * @param own the prices in the price of the model: the user's own, or those of the price list
 */
export function costOfTools(uses: ToolUses, own: Price['perServerToolUse'], published?: ToolPrices): number {
  let usd = 0
  for (const name in uses) usd += (uses[name] ?? 0) * (priceOfTool(name, own, published) ?? 0)
  return usd
}

/** Returns the names of the tools that the provider ran and whose price is unknown; undefined if there are none. */
export function unpricedTools(
  uses: ToolUses,
  own: Price['perServerToolUse'],
  published?: ToolPrices,
): readonly string[] | undefined {
  let names: string[] | undefined
  for (const name in uses)
    if ((uses[name] ?? 0) > 0 && priceOfTool(name, own, published) === undefined) (names ??= []).push(name)
  return names
}

function priceOfTool(
  name: string,
  own: Price['perServerToolUse'],
  published: ToolPrices | undefined,
): number | undefined {
  if (own && Object.hasOwn(own, name)) return own[name]
  if (published && Object.hasOwn(published, name)) return published[name]
  if (FREE_TOOLS.has(name)) return 0
  const given = own ? Object.values(own) : []
  return given.length > 0 ? Math.max(0, ...given) : undefined
}

/** The prices that vendors publish for their tools, by vendor. If a price depends on the model, it is the highest one. */
const PUBLISHED: Readonly<Record<string, ToolPrices>> = {
  // https://developers.openai.com/api/docs/pricing: a search of a model that does not reason costs 2.5 times as much as another.
  openai: { web_search_requests: 0.025, file_search_requests: 0.0025 },
  // https://platform.claude.com/docs/en/about-claude/pricing
  anthropic: { web_search_requests: 0.01 },
}

/**
 * The prices of Google's tools: for each prompt until Gemini 2.5, for each query since Gemini 3, and both for a model whose generation is
 * unknown. See https://ai.google.dev/gemini-api/docs/pricing.
 */
const GEMINI_BY_PROMPT: ToolPrices = {
  google_search_prompts: 0.035,
  google_maps_prompts: 0.025,
  google_search_queries: 0,
  google_maps_queries: 0,
}
const GEMINI_BY_QUERY: ToolPrices = {
  google_search_prompts: 0,
  google_maps_prompts: 0,
  google_search_queries: 0.014,
  google_maps_queries: 0.014,
}
const GEMINI_BY_BOTH: ToolPrices = {
  google_search_prompts: 0.035,
  google_maps_prompts: 0.025,
  google_search_queries: 0.014,
  google_maps_queries: 0.014,
}

/** Returns the published prices of a vendor's tools for a model; undefined if Harbor knows none. */
export function publishedToolPrices(vendor = '', model = ''): ToolPrices | undefined {
  if (vendor === 'google') return toolPricesOfGemini(model)
  return Object.hasOwn(PUBLISHED, vendor) ? PUBLISHED[vendor] : undefined
}

function toolPricesOfGemini(model: string): ToolPrices {
  const generation = /gemini-(\d+)/.exec(model)?.[1]
  if (generation === undefined) return GEMINI_BY_BOTH
  return Number(generation) < 3 ? GEMINI_BY_PROMPT : GEMINI_BY_QUERY
}

/** Returns the text of the warning about a target, for the calls of which Harbor knows only a part of the cost. */
export function costIsIncomplete({ name }: Target, unpriced: readonly string[]): string {
  return (
    `The cost of calls to ${name} is incomplete, because the price of ${unpriced.join(', ')} is unknown. ` +
    "Give it in the model's price, as perServerToolUse."
  )
}
