import { isRecord, type JsonBody } from '../../base/json.ts'
import { tokenUsage } from '../../reporting/token-usage.ts'
import type { TokenRules } from '../token-rules.ts'
import { MAX_REFERENCE_TOKENS, REFERENCE_TOKENS } from '../shared/media-tokens.ts'
import { partsOf, REQUEST } from './request.ts'
import { toolUsesOfRequest, withToolUses } from './server-tools.ts'
import { requestedTtl, type CacheMarks } from '../shared/cache-ttl.ts'
import { requestedCount } from '../shared/requested-count.ts'
import { DYNAMIC_THINKING_TOKENS, thinksByDefault } from '../shared/thinking.ts'
import { contentTokens, ValueTokens } from '../shared/value-tokens.ts'

/** The output tokens assumed for a choice when the request sets no limit. */
const USUAL_OUTPUT_TOKENS = 1_024
/** The tokens that the chat format adds around the messages of a request. */
const FRAME_TOKENS = 3
/** The fields that ask for a prompt to be cached: OpenAI's own, and Anthropic's, which gateways pass on. */
const CACHE_MARKS: CacheMarks = {
  prompt_cache_options: '30m',
  prompt_cache_breakpoint: '30m',
  cache_control: '5m',
}
/** The time to live in OpenAI's prompt cache for a request that does not ask for caching. OpenAI caches every prompt. */
const UNASKED_TTL = '30m'

/**
 * Estimates of the tokens of requests and answers. An estimate should be too high rather than too low, because the spend limit depends on
 * it. So every field of a request counts, except those known to hold nothing for the model.
 */
export const TOKENS: TokenRules = {
  estimate(body) {
    const inputTokens = requestTokens(body)
    const outputTokens = outputBoundOf(body)
    const hasAudio = REQUEST.needsOf(body).includes('audio')
    const usage = {
      ...tokenUsage(inputTokens, outputTokens),
      cacheWriteInputTokens: inputTokens,
      cacheWriteTokensByTtl: { [requestedTtl(body, CACHE_MARKS) ?? UNASKED_TTL]: inputTokens },
      audioInputTokens: hasAudio ? inputTokens : 0,
      reasoningTokens: outputTokens,
      audioOutputTokens: hasAudio ? outputTokens : 0,
    }
    return withToolUses(usage, toolUsesOfRequest(body))
  },
  defaultThinkingOf,
  unseenTokensOf(body, tokensOfAnswer) {
    const template = isRecord(body['prompt']) ? REFERENCE_TOKENS : 0
    const hasMedia = partsOf(body['messages'] ?? body['input']).some(isUnseen)
    return template + (hasMedia ? MAX_REFERENCE_TOKENS : historyTokens(body, tokensOfAnswer))
  },
  contextOf: (body) => requestTokens(body) + (outputLimitOf(body) ?? 0),
  outputLimitOf,
  answerTokens(answer) {
    const tokens = contentTokens()
    tokens.add(answer['choices'] ?? answer['output'] ?? answer)
    return tokens.count
  },
}

/** Estimates for embeddings, whose answers contain no text written by a model. */
export const INPUT_TOKENS: TokenRules = {
  ...TOKENS,
  estimate: (body) => tokenUsage(requestTokens(body), 0),
  defaultThinkingOf: () => 0,
  answerTokens: () => 0,
}

/** The fields of a request that are settings, not input for the model. */
const NO_INPUT = new Set([
  'conversation',
  'encoding_format',
  'include',
  'logit_bias',
  'metadata',
  'modalities',
  'model',
  'models',
  'previous_response_id',
  'prompt_cache_key',
  'prompt_cache_retention',
  'provider',
  'safety_identifier',
  'service_tier',
  'stream',
  'stream_options',
  'transforms',
  'truncation',
  'user',
])

function requestTokens(body: JsonBody): number {
  const tokens = new ValueTokens(NO_EXCEPTIONS, true)
  for (const name in body) {
    const value = body[name]
    const isSetting = NO_INPUT.has(name) || typeof value === 'number'
    if (!isSetting) tokens.add(value, name, body)
  }
  return tokens.count + (isRecord(body) && 'messages' in body ? FRAME_TOKENS : 0)
}

const NO_EXCEPTIONS: ReadonlySet<string> = new Set()

/** The fields of a part that may refer to a video or to sound. */
const UNSEEN_MEDIA = ['video_url', 'video', 'input_video', 'audio_url', 'input_audio']

/** Whether a part refers to a video or to sound by its URL or id. Data inside the request has a size. */
function isUnseen(part: JsonBody): boolean {
  return UNSEEN_MEDIA.some((field) => {
    const medium = part[field]
    const place = isRecord(medium) ? (medium['url'] ?? medium['file_id']) : medium
    return typeof place === 'string' && !place.startsWith('data:')
  })
}

/** The tokens of the conversation at the provider that a request goes on with. */
function historyTokens(
  { previous_response_id: earlier, conversation }: JsonBody,
  tokensOfAnswer: (id: string) => number | undefined,
): number {
  if (typeof earlier === 'string') return tokensOfAnswer(earlier) ?? MAX_REFERENCE_TOKENS
  return conversation ? MAX_REFERENCE_TOKENS : 0
}

function outputBoundOf(body: JsonBody): number {
  return choicesOf(body) * (outputLimitOf(body) ?? USUAL_OUTPUT_TOKENS)
}

/** The number of texts that the model writes for all prompts together. A list of numbers is one prompt, as tokens. */
function choicesOf(body: JsonBody): number {
  const { prompt } = body
  const prompts = (Array.isArray(prompt) && typeof prompt[0] !== 'number' && prompt.length) || 1
  return prompts * Math.max(requestedCount(body['n']) ?? 1, requestedCount(body['best_of']) ?? 1, 1)
}

/** An output limit includes the thoughts of a model, except those of Gemini. */
function defaultThinkingOf(body: JsonBody, model: string | undefined): number {
  const { reasoning_effort: effort, reasoning } = body
  const isOff = effort === 'none' || (isRecord(reasoning) && reasoning['effort'] === 'none')
  const isLimited = outputLimitOf(body) !== undefined && !/gemini/i.test(model ?? '')
  return isOff || isLimited || !thinksByDefault(model) ? 0 : choicesOf(body) * DYNAMIC_THINKING_TOKENS
}

/** Of several limits, the highest one counts: which of them a server keeps to is not known. */
const LIMITS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens']

function outputLimitOf(body: JsonBody): number | undefined {
  const limits = LIMITS.map((name) => requestedCount(body[name])).filter((limit) => limit !== undefined)
  return limits.length > 0 ? Math.max(...limits) : undefined
}
