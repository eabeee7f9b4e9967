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

/** The part of an answer's usage that belongs to one model. */
export interface ModelUse {
  readonly model: string
  readonly usage: TokenUsage
  /** Whether the answer reports this part separately, as a step. If false, it is the whole usage, and the answer only names the model. */
  readonly isStep: boolean
}
