import type { TokenUsage } from './receipt.ts'

/** Makes a usage with input and output tokens only. The counts of special classes of tokens, such as cached input, are 0. */
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

/** The part of a usage that one model has made. */
export interface ModelUse {
  readonly model: string
  readonly usage: TokenUsage
  /** Whether the answer reports this part by itself, as a step. Otherwise only the name of the model in the answer says who made it. */
  readonly isStep: boolean
}
