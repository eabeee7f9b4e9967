import type { TokenUsage } from './receipt.ts'

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
