import type { JsonBody } from '../base/json.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Price } from '../reporting/price.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { PriceList } from './price-list.ts'
import { MAX_REFERENCE_TOKENS } from '../protocols/shared/media-tokens.ts'
import { highestPrice, priceUsage } from './price-usage.ts'
import { withParams } from '../targets/variant.ts'
import { atTier, vendorOf } from './service-tier.ts'
import { sumOfCosts, withoutParts, type PricedUse, type UsePart } from './shared-use.ts'
import { publishedToolPrices, unpricedTools, type ToolPrices } from './tool-prices.ts'

/** The facts about an answer on which its price depends. */
export interface Used {
  readonly usage: TokenUsage
  /** The service tier that the answer names, in lower case. */
  readonly serviceTier?: string | undefined
  /** The cost that the provider reported, in US dollars. */
  readonly reportedUsd?: number | undefined
  /**
   * The service tier that the request asks for, if the answer does not name its own. The cost at this tier is used only if it is higher
   * than at the usual tier, because the provider may have served the request at the usual tier.
   */
  readonly wantedTier?: string | undefined
  /** Whether the usage is an estimate. The number of tokens of each class, such as cached input, is then an upper bound. @default false */
  readonly isEstimate?: boolean | undefined
  /** The parts of the usage that other models than that of the target have made, each of which is priced by its own model. @default none */
  readonly parts?: readonly UsePart[] | undefined
}

/** A price, a factor by which the cost of the tokens is multiplied, and the source of the price. */
export interface Rates {
  readonly price: Price
  readonly factor: number
  /** The published prices of the provider's own tools, for those that have no price in `price`. */
  readonly tools: ToolPrices | undefined
  readonly source: Omit<PricedUse, 'usd' | 'unpriced'>
}

/**
 * Returns the cost of an answer and the source of the price. The user's own price comes first, then the cost that the provider reported,
 * then the price list. Undefined if none is known.
 */
export function costOfUse(list: PriceList, target: Target, used: Used): PricedUse | undefined {
  const { serviceTier, wantedTier, reportedUsd = 0 } = used
  // A router reports the cost that it charges. Some routers always report 0, which is ignored.
  if (!target.price && reportedUsd > 0) return { usd: reportedUsd, price: 'provider' }
  if (used.parts && used.parts.length > 0) return costOfParts(used.parts, list, target, used)
  const usual = costAt(serviceTier, list, target, used)
  if (!usual || serviceTier !== undefined || wantedTier === undefined) return usual
  const wanted = costAt(wantedTier, list, target, used)
  return wanted && wanted.usd > usual.usd ? wanted : usual
}

/** A part whose model has no known price costs as much as at the target, and its model is named as unpriced. */
function costOfParts(
  parts: readonly UsePart[],
  list: PriceList,
  target: Target,
  used: Used,
): PricedUse | undefined {
  const costOf = (at: Target, usage: TokenUsage): PricedUse | undefined =>
    costOfUse(list, at, { ...used, usage, parts: undefined, reportedUsd: undefined })
  const costs = [costOf(target, withoutParts(used.usage, parts))]
  for (const { target: other, usage } of parts) {
    const tokens = { ...usage, serverToolUses: undefined }
    const own = costOf(other, tokens)
    const instead = own ? undefined : costOf(target, tokens)
    costs.push(own ?? (instead && { ...instead, unpriced: [other.model ?? other.name] }))
  }
  return costs.includes(undefined) ? undefined : sumOfCosts(costs.filter((cost) => cost !== undefined))
}

function costAt(
  serviceTier: string | undefined,
  list: PriceList,
  target: Target,
  { usage, isEstimate }: Used,
): PricedUse | undefined {
  const rates = ratesOf(list, target, usage.inputTokens, serviceTier)
  if (!rates) return undefined
  const { price, factor, tools, source } = rates
  const usd = isEstimate ? highestPrice(usage, price, factor, tools) : priceUsage(usage, price, factor, tools)
  if (!Number.isFinite(usd) || usd < 0) return undefined
  const unpriced = unpricedTools(usage.serverToolUses, price.perServerToolUse, tools)
  return unpriced ? { usd, ...source, unpriced } : { usd, ...source }
}

/**
 * Returns the price of a request to `target`: the user's own price, or else that of the price list.
 * @param inputTokens the length of the request, in tokens; a listed price may depend on it
 * @returns undefined if the price is unknown, or the price list is not loaded yet
 */
export function ratesOf(
  list: PriceList,
  target: Target,
  inputTokens: number,
  serviceTier: string | undefined,
): Rates | undefined {
  const { price: own, model = '' } = target
  if (own) {
    const vendor = vendorOf(target)
    const atOwn = atTier(own, serviceTier, { vendor, model })
    return { ...atOwn, tools: publishedToolPrices(vendor, model), source: { price: 'own' } }
  }
  const listed = list.priceOf(target, inputTokens)
  if (!listed) return undefined
  const { vendor, listedBy } = listed
  const { price, factor } = atTier(listed.price, serviceTier, { vendor, model })
  const tools = publishedToolPrices(vendor, model)
  return { price, factor: factor * listed.factor, tools, source: { price: 'list', listedBy } }
}

/** A request whose highest possible cost is needed, at one target or at several. */
export interface EstimatedRequest {
  readonly operation: Pick<Operation, 'request' | 'tokens' | 'endpoint' | 'checksAnswers'>
  readonly json: JsonBody | undefined
  readonly headers: ReadonlyHeaders
  /** The estimate of its tokens, in which the number of each class, such as cached input, is an upper bound. */
  readonly estimate: TokenUsage
}

/**
 * Returns what a request may use at most at a target. That depends on the model of the target, since some models think although the request
 * does not ask for it.
 */
export function highestUse(
  { operation, json: given = {}, headers, estimate: givenEstimate }: EstimatedRequest,
  target: Target,
  tokensOfAnswer: (id: string) => number | undefined = () => undefined,
): Used {
  const { model, contextTokens } = target
  const { tokens, request } = operation
  const json = withParams(target, given, operation)
  // The parameters of a variant may ask for more, such as a longer answer.
  const estimate = json === given ? givenEstimate : tokens.estimate(json)
  const thinking = tokens.defaultThinkingOf?.(json, model) ?? 0
  const unseen = tokens.unseenTokensOf?.(json, tokensOfAnswer) ?? 0
  const { inputTokens: seen } = estimate
  // A request with unseen content may fill the context window, but no more than that.
  const inputTokens = Math.max(seen, Math.min(seen + unseen, contextTokens ?? MAX_REFERENCE_TOKENS))
  const usage: TokenUsage = {
    ...estimate,
    inputTokens,
    audioInputTokens: estimate.audioInputTokens > 0 ? inputTokens : 0,
    outputTokens: estimate.outputTokens + thinking,
    reasoningTokens: estimate.reasoningTokens + thinking,
  }
  return { usage, wantedTier: request.serviceTierOf(json, headers), isEstimate: true }
}
