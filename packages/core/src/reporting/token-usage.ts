import type { TokenUsage } from './receipt.ts'

/** The usage of a call with input and output tokens only; the more specific counts are 0. */
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
