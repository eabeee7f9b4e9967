import type { TokenUsage } from '../receipt.ts'
import { isRecord } from '../wire/json.ts'
import type { JsonBody, Operation } from '../wire/operation.ts'

/** English text has about four characters to a token. */
const CHARACTERS_PER_TOKEN = 4
/** For an image or a sound, of which the text tells nothing. */
const TOKENS_PER_MEDIUM = 1_000
/** For an answer of which the request sets no limit. */
const USUAL_OUTPUT_TOKENS = 1_024

/** About how many tokens a request and its answer will use, at most as far as the request says. */
export function estimateUsage(body: JsonBody, operation: Operation): TokenUsage {
  return usageOf(inputTokensOf(body), operation.name === 'embeddings' ? 0 : outputBoundOf(body))
}

/** About how many tokens an answer has used whose provider does not tell, by what has arrived of it. */
export function estimateDelivered(body: JsonBody, contents: number): TokenUsage {
  return usageOf(inputTokensOf(body), contents)
}

/** About how many tokens of a model's context a request takes up, with the answer for which it asks for room. */
export function estimateTokensWanted(body: JsonBody): number {
  return inputTokensOf(body) + (outputLimitOf(body) ?? 0)
}

function usageOf(inputTokens: number, outputTokens: number): TokenUsage {
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

function inputTokensOf(body: JsonBody): number {
  const said = ['messages', 'input', 'prompt', 'instructions', 'tools'].map((name) => body[name])
  return said.reduce<number>((sum, value) => sum + tokensOf(value), 0)
}

/** Walks what a request says; long runs of characters without a space are media in base64, and no text. */
function tokensOf(value: unknown): number {
  if (typeof value === 'string')
    return isMedium(value) ? TOKENS_PER_MEDIUM : Math.ceil(value.length / CHARACTERS_PER_TOKEN)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + tokensOf(item), 0)
  if (!isRecord(value)) return typeof value === 'number' ? 1 : 0
  return Object.values(value).reduce<number>((sum, item) => sum + tokensOf(item), 0)
}

function isMedium(text: string): boolean {
  return text.startsWith('data:') || (text.length > 4_096 && !text.slice(0, 4_096).includes(' '))
}

function outputBoundOf(body: JsonBody): number {
  const choices = typeof body['n'] === 'number' && body['n'] > 0 ? body['n'] : 1
  return choices * (outputLimitOf(body) ?? USUAL_OUTPUT_TOKENS)
}

/** How long the request lets its answer be, if it says so. */
export function outputLimitOf(body: JsonBody): number | undefined {
  const limit = body['max_completion_tokens'] ?? body['max_tokens'] ?? body['max_output_tokens']
  return typeof limit === 'number' && limit >= 0 ? limit : undefined
}
