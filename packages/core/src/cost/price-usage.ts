import type { CacheTtl, Price } from '../reporting/price.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import { costOfTools, type ToolPrices } from './tool-prices.ts'

const MILLION = 1_000_000

/** The number of tokens of one class, such as cached input, and the price of a million of them. */
interface Part {
  readonly tokens: number
  readonly rate: number
}

/**
 * Returns the cost of a usage at a price, in US dollars. Each class of tokens, such as cached input, has its own rate. No token is charged
 * twice.
 * @param factor the factor of the service tier, by which the cost of the tokens is multiplied
 * @param tools the published prices of the provider's own tools, for those that have no price in `price`
 */
export function priceUsage(usage: TokenUsage, price: Price, factor = 1, tools?: ToolPrices): number {
  const input = chargeClasses(usage.inputTokens, price.inputPerMillion, inputParts(usage, price))
  const output = chargeClasses(usage.outputTokens, price.outputPerMillion, outputParts(usage, price))
  return ((input + output) * factor) / MILLION + besideTokens(usage, price, tools)
}

/**
 * Returns the highest possible cost of a request, in US dollars. The estimate contains an upper bound for each class of tokens, such as
 * cached input. Fewer tokens may belong to a cheap class in fact, so cheap classes are charged at the common rate.
 * @param factor see `priceUsage`
 * @param tools see `priceUsage`
 */
export function highestPrice(estimate: TokenUsage, price: Price, factor = 1, tools?: ToolPrices): number {
  const { inputPerMillion, outputPerMillion } = price
  const input = inputParts(withoutFreeWrites(estimate, price), price).filter(
    ({ rate }) => rate > inputPerMillion,
  )
  const output = outputParts(estimate, price).filter(({ rate }) => rate > outputPerMillion)
  const tokens =
    chargeClasses(estimate.inputTokens, inputPerMillion, input) +
    chargeClasses(estimate.outputTokens, outputPerMillion, output)
  return (tokens * factor) / MILLION + besideTokens(estimate, price, tools)
}

function inputParts(usage: TokenUsage, price: Price): Part[] {
  const { inputPerMillion, cachedInputPerMillion, audioInputPerMillion } = price
  const parts: Part[] = []
  addPart(parts, usage.cachedInputTokens, cachedInputPerMillion ?? inputPerMillion)
  addPart(parts, usage.audioInputTokens, audioInputPerMillion ?? inputPerMillion)
  if (usage.cacheWriteInputTokens > 0 || usage.cacheWriteTokensByTtl) addCacheWrites(parts, usage, price)
  return parts
}

function outputParts(usage: TokenUsage, price: Price): Part[] {
  const { outputPerMillion, reasoningPerMillion, audioOutputPerMillion, imageOutputPerMillion } = price
  const parts: Part[] = []
  addPart(parts, usage.reasoningTokens, reasoningPerMillion ?? outputPerMillion)
  addPart(parts, usage.audioOutputTokens, audioOutputPerMillion ?? outputPerMillion)
  // Without a report, every output token of a model that makes images may be one of an image.
  if (imageOutputPerMillion !== undefined)
    addPart(parts, usage.imageOutputTokens ?? usage.outputTokens, imageOutputPerMillion)
  return parts
}

function addPart(parts: Part[], tokens: number, rate: number): void {
  if (tokens > 0) parts.push({ tokens, rate })
}

/**
 * The prices of tokens written to the prompt cache, by time to live, as multiples of the price of input:
 * https://platform.claude.com/docs/en/about-claude/pricing and https://developers.openai.com/api/docs/pricing. If a price is not published
 * there, the highest one of the others applies.
 */
const WRITE_FACTORS: Readonly<Record<CacheTtl, number>> = { '5m': 1.25, '30m': 1.25, '1h': 2, '12h': 2 }
const HIGHEST_WRITE_FACTOR = 2
const CACHE_TTLS = Object.keys(WRITE_FACTORS) as readonly CacheTtl[]

function addCacheWrites(parts: Part[], usage: TokenUsage, price: Price): void {
  const { cacheWriteInputTokens: all, cacheWriteTokensByTtl: byTtl } = usage
  const { inputPerMillion, cacheWritePerMillion: own } = price
  const given = typeof own === 'object' ? own : {}
  const highest =
    typeof own === 'number' ? own : Math.max(...CACHE_TTLS.map((ttl) => given[ttl] ?? -Infinity))
  let unknown = all
  for (const ttl of byTtl ? CACHE_TTLS : []) {
    const tokens = byTtl?.[ttl] ?? 0
    unknown -= tokens
    const usual = typeof own === 'number' ? own : Math.max(highest, inputPerMillion * WRITE_FACTORS[ttl])
    addPart(parts, tokens, given[ttl] ?? usual)
  }
  // The highest of no rates is -Infinity.
  addPart(parts, unknown, highest >= 0 ? highest : inputPerMillion * HIGHEST_WRITE_FACTOR)
}

/**
 * Returns an estimate without cache writes that the request did not ask for. OpenAI makes such writes by itself, with a time to live of 30
 * minutes, and charges for them only at few models. So they remain in the estimate only if the price has a rate for them.
 */
function withoutFreeWrites(estimate: TokenUsage, { cacheWritePerMillion: own }: Price): TokenUsage {
  const { cacheWriteInputTokens: all, cacheWriteTokensByTtl: byTtl } = estimate
  const unasked = byTtl?.['30m'] ?? 0
  if (unasked === 0 || (typeof own === 'object' ? own['30m'] : own) !== undefined) return estimate
  return {
    ...estimate,
    cacheWriteInputTokens: Math.max(0, all - unasked),
    cacheWriteTokensByTtl: { ...byTtl, '30m': 0 },
  }
}

/**
 * Charges each class of tokens at its own rate, and all other tokens at the common rate. If a provider counts the same token in two
 * classes, it is charged once, at the higher rate.
 * @param whole the number of all tokens, including those of the classes
 * @param rate the common rate
 * @param parts the classes
 */
function chargeClasses(whole: number, rate: number, parts: Part[]): number {
  let rest = whole
  let sum = 0
  if (parts.length > 1) parts.sort((one, other) => other.rate - one.rate)
  for (const part of parts) {
    const counted = Math.min(part.tokens, rest)
    rest -= counted
    sum += counted * part.rate
  }
  return sum + rest * rate
}

/** Returns the cost that does not depend on tokens: the price of the request itself, and of the server tools that the provider ran. */
function besideTokens({ serverToolUses }: TokenUsage, price: Price, tools: ToolPrices | undefined): number {
  const { perRequest = 0, perServerToolUse } = price
  return serverToolUses ? perRequest + costOfTools(serverToolUses, perServerToolUse, tools) : perRequest
}
