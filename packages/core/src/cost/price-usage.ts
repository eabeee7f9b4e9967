import type { TokenUsage } from '../reporting/receipt.ts'
import type { Price } from '../reporting/target.ts'

const MILLION = 1_000_000

/** What these tokens cost at a price, in US dollars. Every class has its own rate, and is counted once. */
export function priceUsage(usage: TokenUsage, price: Price): number {
  const { inputPerMillion, outputPerMillion } = price
  const input = classes(usage.inputTokens, inputPerMillion, [
    [usage.cachedInputTokens, price.cachedInputPerMillion],
    [usage.cacheWriteInputTokens, price.cacheWriteInputPerMillion],
    [usage.audioInputTokens, price.audioInputPerMillion],
  ])
  const output = classes(usage.outputTokens, outputPerMillion, [
    [usage.reasoningTokens, price.reasoningPerMillion],
    [usage.audioOutputTokens, price.audioOutputPerMillion],
  ])
  return (input + output) / MILLION
}

/** The parts at their own rates, and what is left of the whole at the common one. */
function classes(
  whole: number,
  rate: number,
  parts: readonly (readonly [tokens: number, rate: number | undefined])[],
): number {
  let rest = whole
  let sum = 0
  for (const [tokens, own] of parts) {
    // A provider that counts a part twice must not make the rest negative.
    const counted = Math.min(tokens, rest)
    rest -= counted
    sum += counted * (own ?? rate)
  }
  return sum + rest * rate
}
