import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import { tokenUsage } from '../../reporting/token-usage.ts'
import type { TokenRules } from '../token-rules.ts'
import { requestedCount } from '../shared/requested-count.ts'
import { requestedTtl, type CacheMarks } from '../shared/cache-ttl.ts'
import { contentTokens, ValueTokens } from '../shared/value-tokens.ts'
import { someBlock } from './request.ts'

/**
 * The maximum ratio of the tokens that the newest models make of a text to those that older models make of it:
 * https://platform.claude.com/docs/en/about-claude/models/migration-guide
 */
const TOKENIZER_FACTOR = 1.35
/**
 * The tokens added for each image, in case it is large. The newest models read up to 4,784 tokens of one image, more than the estimate for
 * any image.
 */
const LARGE_IMAGE_TOKENS = 1_500
/** The output tokens assumed for a request without `max_tokens`. The API refuses such a request. */
const USUAL_OUTPUT_TOKENS = 1_024
/** The tokens that the API adds to each message, and once to each request. */
const FRAME_TOKENS = 8
/** The tokens of the system prompt that the API adds to a request with tools. */
const TOOLS_TOKENS = 700
/** The tokens of the description of one tool that the API defines itself, such as `web_search` or `computer`. */
const OWN_TOOL_TOKENS = 2_500

/**
 * Estimates of the tokens of requests and messages. An estimate should be too high rather than too low, because the spend limit depends on
 * it. So every field of a request counts, except those known to hold nothing for the model.
 */
export const TOKENS: TokenRules = {
  estimate(body) {
    const inputTokens =
      Math.ceil(inputTokensOf(body) * TOKENIZER_FACTOR) + imagesIn(body) * LARGE_IMAGE_TOKENS
    return {
      ...tokenUsage(inputTokens, outputBoundOf(body)),
      ...cacheWritesOf(body, inputTokens),
      ...searchesOf(body),
    }
  },
  contextOf: (body) => inputTokensOf(body) + (outputLimitOf(body) ?? 0),
  outputLimitOf,
  limitedInputOf: ({ inputTokens, cachedInputTokens }) => Math.max(0, inputTokens - cachedInputTokens),
  answerTokens({ content }) {
    const tokens = contentTokens()
    tokens.add(content)
    return tokens.count
  },
}

/** Assumes that all input is written to the cache, if the request asks for caching at all. */
function cacheWritesOf(body: JsonBody, inputTokens: number): Partial<TokenUsage> {
  const ttl = requestedTtl(body, CACHE_MARKS)
  return ttl ? { cacheWriteInputTokens: inputTokens, cacheWriteTokensByTtl: { [ttl]: inputTokens } } : {}
}

const CACHE_MARKS: CacheMarks = { cache_control: '5m' }
/** The number of web searches assumed for a request that sets no limit for them. */
const USUAL_SEARCHES = 10

/** Returns how many web searches a request allows. Anthropic charges each search separately. */
function searchesOf({ tools }: JsonBody): Partial<TokenUsage> {
  const searches = (Array.isArray(tools) ? tools : []).filter(isWebSearch)
  if (searches.length === 0) return {}
  const allowed = searches.map(({ max_uses: limit }) => requestedCount(limit) ?? USUAL_SEARCHES)
  return { serverToolUses: { web_search_requests: Math.max(...allowed) } }
}

function isWebSearch(tool: unknown): tool is JsonBody {
  return isRecord(tool) && typeof tool['type'] === 'string' && tool['type'].startsWith('web_search_')
}

/** Estimates for requests that only count tokens. Such a request is free, and its answer contains no text. */
export const NO_TOKENS: TokenRules = {
  ...TOKENS,
  estimate: () => tokenUsage(0, 0),
  answerTokens: () => 0,
}

/** The fields of a request that are settings, not input for the model. */
const NO_INPUT = new Set([
  'anthropic_beta',
  'anthropic_version',
  'billing_policy',
  'cache_control',
  'container',
  'diagnostics',
  'fallback_credit_token',
  'fallbacks',
  'inference_geo',
  'metadata',
  'model',
  'service_tier',
  'speed',
  'stream',
  'thread',
])

function inputTokensOf(body: JsonBody): number {
  const tokens = new ValueTokens(NO_EXCEPTIONS, true)
  for (const name in body) {
    const value = body[name]
    if (!NO_INPUT.has(name) && typeof value !== 'number') tokens.add(value, name, body)
  }
  const { messages } = body
  const frames = 1 + (Array.isArray(messages) ? messages.length : 0)
  return tokens.count + frames * FRAME_TOKENS + toolTokens(body['tools'])
}

const NO_EXCEPTIONS: ReadonlySet<string> = new Set()

function imagesIn(body: JsonBody): number {
  let images = 0
  someBlock(body, ({ type }) => {
    if (type === 'image') images++
    return false
  })
  return images
}

function toolTokens(tools: unknown): number {
  if (!Array.isArray(tools) || tools.length === 0) return 0
  const own = tools.filter((tool) => isRecord(tool) && !('input_schema' in tool)).length
  return TOOLS_TOKENS + own * OWN_TOOL_TOKENS
}

/**
 * Returns the maximum number of output tokens. Normally, the tokens of thinking count towards the output limit. If tools are used between
 * thoughts, the budget for thinking may be larger than that limit, so the larger one is returned.
 */
function outputBoundOf(body: JsonBody): number {
  const { thinking } = body
  const budget = isRecord(thinking) ? requestedCount(thinking['budget_tokens']) : undefined
  return Math.max(outputLimitOf(body) ?? USUAL_OUTPUT_TOKENS, budget ?? 0)
}

function outputLimitOf(body: JsonBody): number | undefined {
  return requestedCount(body['max_tokens'])
}
