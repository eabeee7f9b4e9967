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
  const input = usage['prompt_tokens_details'] ?? usage['input_tokens_details']
  const output = usage['completion_tokens_details'] ?? usage['output_tokens_details']
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cachedInputTokens: (isRecord(input) ? count(input['cached_tokens']) : undefined) ?? 0,
    reasoningTokens: (isRecord(output) ? count(output['reasoning_tokens']) : undefined) ?? 0,
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined
}
