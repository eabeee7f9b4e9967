import type { TokenUsage } from '../reporting/receipt.ts'
import { isRecord } from '../base/json.ts'
import type { Operation } from './operation.ts'
import type { JsonBody } from '../base/json.ts'
import { ValueTokens } from '../tokens/value-tokens.ts'

/** For an answer of which the request sets no limit. */
const USUAL_OUTPUT_TOKENS = 1_024
/** What a chat format adds around its messages. */
const FRAME_TOKENS = 3

/**
 * How many tokens a request and its answer may use, as far as the request says. Money errs upwards, so every field counts but those
 * that are known to hold nothing for the model.
 */
export function estimateUsage(body: JsonBody, operation: Operation): TokenUsage {
  return tokenUsage(requestTokens(body), operation.name === 'embeddings' ? 0 : outputBoundOf(body))
}

/** How many tokens of a model's context a request takes up, with the answer for which it asks for room. */
export function estimateTokensWanted(body: JsonBody): number {
  return requestTokens(body) + (outputLimitOf(body) ?? 0)
}

/** How many tokens the content of a whole answer has, of all its choices or items. */
export function answerTokens(json: JsonBody, operation: Operation): number {
  if (operation.name === 'embeddings') return 0
  const tokens = contentTokens()
  tokens.add(json['choices'] ?? json['output'] ?? json)
  return tokens.count
}

/** Adds up the tokens of what a model wrote: text, reasoning, refusals, tool calls and whatever else carries content. */
export function contentTokens(): ValueTokens {
  return new ValueTokens(NO_CONTENT, false)
}

/** Whether the provider goes on with an answer after its response: what it costs is not known yet. */
export function isUnfinished(json: JsonBody): boolean {
  return json['status'] === 'queued' || json['status'] === 'in_progress'
}

/** A usage of nothing but input and output. */
export function tokenUsage(inputTokens: number, outputTokens: number): TokenUsage {
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: 0,
    cacheWriteInputTokens: 0,
    audioInputTokens: 0,
    reasoningTokens: 0,
    audioOutputTokens: 0,
  }
}

/** Settings of a request that no model reads. */
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

/** Parts of an answer that no model writes. */
const NO_CONTENT = new Set([
  'call_id',
  'created',
  'finish_reason',
  'id',
  'index',
  'item_id',
  'logprobs',
  'matched_stop',
  'model',
  'native_finish_reason',
  'object',
  'role',
  'status',
  'stop_reason',
  'type',
  'usage',
])

function requestTokens(body: JsonBody): number {
  const tokens = new ValueTokens(NONE, true)
  for (const name in body) {
    const value = body[name]
    const isSetting = NO_INPUT.has(name) || typeof value === 'number'
    if (!isSetting) tokens.add(value, name, body)
  }
  return tokens.count + (isRecord(body) && 'messages' in body ? FRAME_TOKENS : 0)
}

const NONE: ReadonlySet<string> = new Set()

function outputBoundOf(body: JsonBody): number {
  const choices = Math.max(countOf(body['n']) ?? 1, countOf(body['best_of']) ?? 1, 1)
  return choices * (outputLimitOf(body) ?? USUAL_OUTPUT_TOKENS)
}

/** How long the request lets its answer be, if it says so. */
export function outputLimitOf(body: JsonBody): number | undefined {
  return countOf(body['max_completion_tokens'] ?? body['max_tokens'] ?? body['max_output_tokens'])
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : undefined
}
