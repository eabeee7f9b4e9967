import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import { tokenUsage } from '../../reporting/token-usage.ts'
import type { TokenRules } from '../protocol.ts'
import { requestedTtl, type CacheMarks } from '../shared/cache-ttl.ts'
import { contentTokens, ValueTokens } from '../shared/value-tokens.ts'
import { someBlock } from './request.ts'

/**
 * How many times as many tokens the newest models make of a text as the older ones, at most:
 * https://platform.claude.com/docs/en/about-claude/models/migration-guide
 */
const TOKENIZER_FACTOR = 1.35
/** The tokens of a large image in addition to those that are counted for any image. The newest models read up to 4,784 tokens of one. */
const LARGE_IMAGE_TOKENS = 1_500
/** The output tokens assumed for a request without `max_tokens`, which the API refuses. */
const USUAL_OUTPUT_TOKENS = 1_024
/** The tokens that the API adds to each message, and to a request. */
const FRAME_TOKENS = 8
/** The tokens of the system prompt that the API adds to a request with tools. */
const TOOLS_TOKENS = 700
/** The tokens of the description of one tool that the API defines itself, such as `web_search` or `computer`. */
const OWN_TOOL_TOKENS = 2_500

/**
 * Estimates of the tokens of requests and messages. They are rather too high than too low, since spending depends on them: every field of a
 * request counts, except those known to hold nothing for the model.
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

/** All input may be written to the cache, if the request asks for it at all. */
function cacheWritesOf(body: JsonBody, inputTokens: number): Partial<TokenUsage> {
  const ttl = requestedTtl(body, CACHE_MARKS)
  return ttl ? { cacheWriteInputTokens: inputTokens, cacheWriteTokensByTtl: { [ttl]: inputTokens } } : {}
}

const CACHE_MARKS: CacheMarks = { cache_control: '5m' }
/** The web searches assumed for a request that sets no limit for them. */
const USUAL_SEARCHES = 10

/** The web searches that a request allows, which are charged one by one. */
function searchesOf({ tools }: JsonBody): Partial<TokenUsage> {
  const searches = (Array.isArray(tools) ? tools : []).filter(isWebSearch)
  if (searches.length === 0) return {}
  const allowed = searches.map(({ max_uses: limit }) => countOf(limit) ?? USUAL_SEARCHES)
  return { serverToolUses: { web_search_requests: Math.max(...allowed) } }
}

function isWebSearch(tool: unknown): tool is JsonBody {
  return isRecord(tool) && typeof tool['type'] === 'string' && tool['type'].startsWith('web_search_')
}

/** Counting tokens uses none. */
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

/** Thinking counts towards the output limit, except where tools are used between thoughts: its budget may be larger then. */
function outputBoundOf(body: JsonBody): number {
  const { thinking } = body
  const budget = isRecord(thinking) ? countOf(thinking['budget_tokens']) : undefined
  return Math.max(outputLimitOf(body) ?? USUAL_OUTPUT_TOKENS, budget ?? 0)
}

function outputLimitOf(body: JsonBody): number | undefined {
  return countOf(body['max_tokens'])
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : undefined
}
