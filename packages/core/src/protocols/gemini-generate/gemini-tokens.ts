import type { JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import { tokenUsage } from '../../reporting/token-usage.ts'
import type { TokenRules } from '../token-rules.ts'
import { MAX_REFERENCE_TOKENS, REFERENCE_TOKENS } from '../shared/media-tokens.ts'
import { requestedCount } from '../shared/requested-count.ts'
import { DYNAMIC_THINKING_TOKENS, thinksByDefault } from '../shared/thinking.ts'
import { contentTokens, ValueTokens } from '../shared/value-tokens.ts'
import { fieldOf, listAt, mediaTypeIn, partsIn, recordAt } from './fields.ts'
import { candidatesIn } from './finish-reasons.ts'
import { GEMINI_REQUEST } from './gemini-request.ts'
import { readableUrls, toolUsesOfRequest } from './grounding.ts'
import { inlineMediaTokens } from './inline-media.ts'

/** The output tokens assumed for a candidate when the request sets no limit. */
const USUAL_OUTPUT_TOKENS = 1_024
/** The tokens that the format adds around the contents of a request. */
const FRAME_TOKENS = 3

/**
 * Estimates of the tokens of requests and answers. An estimate should be too high rather than too low, because the spend limit depends on
 * it. So every field of a request counts, except those known to hold nothing for the model.
 */
export const GEMINI_TOKENS: TokenRules = {
  estimate: (body) => classesOf(body, tokenUsage(requestTokens(body), outputBoundOf(body))),
  defaultThinkingOf,
  unseenTokensOf: (body) => ([...partsIn(body)].some(isUnseen) ? MAX_REFERENCE_TOKENS : 0),
  contextOf: (body) => requestTokens(body) + (outputLimitOf(body) ?? 0),
  outputLimitOf,
  answerTokens(answer) {
    const tokens = contentTokens()
    for (const candidate of candidatesIn(answer)) tokens.add(candidate['content'])
    return tokens.count
  },
}

/**
 * Adds to an estimate how many of its tokens may be of a class with its own price. All output may be thoughts. If the request contains or
 * wants audio, all input and output may be audio.
 */
function classesOf(body: JsonBody, estimate: TokenUsage): TokenUsage {
  const { inputTokens, outputTokens } = estimate
  const hasAudio = GEMINI_REQUEST.needsOf(body).includes('audio')
  return {
    ...estimate,
    audioInputTokens: hasAudio ? inputTokens : 0,
    reasoningTokens: outputTokens,
    audioOutputTokens: hasAudio ? outputTokens : 0,
    serverToolUses: toolUsesOfRequest(body),
  }
}

/** Estimates for embeddings and token counts, whose answers contain no text written by a model. */
export const INPUT_TOKENS: TokenRules = {
  ...GEMINI_TOKENS,
  estimate: (body) => classesOf(body, tokenUsage(requestTokens(body), 0)),
  defaultThinkingOf: () => 0,
  answerTokens: () => 0,
}

/** The fields of a request that are settings, not input for the model, in both spellings. */
const NO_INPUT = new Set([
  'cachedContent',
  'cached_content',
  'continuationToken',
  'continuation_token',
  'generationConfig',
  'generation_config',
  'labels',
  'model',
  'safetySettings',
  'safety_settings',
  'serviceTier',
  'service_tier',
  'taskType',
  'task_type',
])
/** The fields of `generationConfig` that count as input, because the model reads them. */
const SCHEMAS = ['responseSchema', 'responseJsonSchema']
/** The fields that hold data such as images. Their tokens are estimated from the media type and the size, not from the text. */
const MEDIA = new Set(['inlineData', 'inline_data'])

function requestTokens(body: JsonBody): number {
  const tokens = new ValueTokens(MEDIA, true)
  for (const name in body) if (!NO_INPUT.has(name)) tokens.add(body[name], name, body)
  const config = recordAt(body, 'generationConfig')
  for (const schema of SCHEMAS) tokens.add(fieldOf(config, schema), schema, config)
  return tokens.count + FRAME_TOKENS + mediaTokens(body) + referencedTokens(body)
}

/** Estimates the tokens of images, sound, video and documents inside a request. */
function mediaTokens(body: JsonBody): number {
  let sum = 0
  for (const part of partsIn(body)) {
    const data = fieldOf(recordAt(part, 'inlineData'), 'data')
    if (typeof data === 'string') sum += inlineMediaTokens(mediaTypeIn(part), data)
  }
  for (const request of listAt(body, 'requests')) sum += mediaTokens(request)
  return sum
}

/**
 * Estimates the tokens of content that the request refers to: what is stored at the provider, and web pages that the model may read. Its
 * size is not known, so each reference counts as the same number of tokens.
 */
function referencedTokens(body: JsonBody): number {
  const stored = ['cachedContent', 'continuationToken'].filter((name) => fieldOf(body, name) != null)
  return (stored.length + readableUrls(body)) * REFERENCE_TOKENS
}

/** Whether a part refers to video, to sound, or to a file that may be either, since the request does not name its type. */
function isUnseen(part: JsonBody): boolean {
  if (fieldOf(recordAt(part, 'fileData'), 'fileUri') == null) return false
  const type = mediaTypeIn(part)
  return type === '' || type.startsWith('video/') || type.startsWith('audio/')
}

function outputBoundOf(body: JsonBody): number {
  const config = recordAt(body, 'generationConfig')
  const answer = outputLimitOf(body) ?? USUAL_OUTPUT_TOKENS
  return candidatesOf(config) * (answer + (requestedThinking(config) ?? 0))
}

function candidatesOf(config: JsonBody): number {
  return Math.max(requestedCount(fieldOf(config, 'candidateCount')) ?? 1, 1)
}

/**
 * Returns the number of thinking tokens that a request asks for, in addition to its answer: its budget, or an assumed number if it lets the
 * model decide. Undefined if it does not say.
 */
function requestedThinking(config: JsonBody): number | undefined {
  const thinking = recordAt(config, 'thinkingConfig')
  const budget = fieldOf(thinking, 'thinkingBudget')
  if (budget === -1 || typeof fieldOf(thinking, 'thinkingLevel') === 'string') return DYNAMIC_THINKING_TOKENS
  return requestedCount(budget)
}

/** Most models think by themselves, and their thoughts may be more than the output limit of the request allows. */
function defaultThinkingOf(body: JsonBody, model: string | undefined): number {
  const config = recordAt(body, 'generationConfig')
  if (requestedThinking(config) !== undefined || !thinksByDefault(model)) return 0
  return candidatesOf(config) * DYNAMIC_THINKING_TOKENS
}

function outputLimitOf(body: JsonBody): number | undefined {
  return requestedCount(fieldOf(recordAt(body, 'generationConfig'), 'maxOutputTokens'))
}
