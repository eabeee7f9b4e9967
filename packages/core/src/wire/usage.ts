import { isRecord } from './json.ts'
import type { TokenUsage } from '../receipt.ts'

/**
 * Reads a `usage` object of Chat Completions, Embeddings or Responses.
 * @returns undefined when it is not one, so that an earlier report stays
 */
export function readUsage(usage: unknown): TokenUsage | undefined {
  if (!isRecord(usage)) return undefined
  const inputTokens = count(usage['prompt_tokens'] ?? usage['input_tokens'])
  const outputTokens = count(usage['completion_tokens'] ?? usage['output_tokens'])
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  const input = detailsOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])
  const output = detailsOf(usage['completion_tokens_details'] ?? usage['output_tokens_details'])
  const reasoningTokens = output('reasoning_tokens')
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: (outputTokens ?? 0) + reasoningBeside(usage, inputTokens, outputTokens, reasoningTokens),
    cachedInputTokens: input('cached_tokens') || (count(usage['prompt_cache_hit_tokens']) ?? 0),
    cacheWriteInputTokens: input('cache_write_tokens') || input('cache_creation_tokens'),
    audioInputTokens: input('audio_tokens'),
    reasoningTokens,
    audioOutputTokens: output('audio_tokens'),
  }
}

/** Most providers count reasoning within the output; with some, such as xAI, only the total tells that it comes on top. */
function reasoningBeside(
  usage: Readonly<Record<string, unknown>>,
  inputTokens = 0,
  outputTokens = 0,
  reasoningTokens: number,
): number {
  const beside = count(usage['total_tokens']) === inputTokens + outputTokens + reasoningTokens
  return beside ? reasoningTokens : 0
}

function detailsOf(details: unknown): (name: string) => number {
  return (name) => (isRecord(details) ? count(details[name]) : undefined) ?? 0
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined
}
