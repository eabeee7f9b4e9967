import type { TokenUsage } from '../reporting/receipt.ts'
import type { Price } from '../reporting/target.ts'

const MILLION = 1_000_000

/**
 * The cost of these tokens at a price, in US dollars. Each class of tokens, such as cached input, has its own rate. No token is charged
 * twice.
 */
export function priceUsage(usage: TokenUsage, price: Price): number {
  const { inputPerMillion, outputPerMillion } = price
  const input = chargeClasses(usage.inputTokens, inputPerMillion, [
    [usage.cachedInputTokens, price.cachedInputPerMillion],
    [usage.cacheWriteInputTokens, price.cacheWriteInputPerMillion],
    [usage.audioInputTokens, price.audioInputPerMillion],
  ])
  const output = chargeClasses(usage.outputTokens, outputPerMillion, [
    [usage.reasoningTokens, price.reasoningPerMillion],
    [usage.audioOutputTokens, price.audioOutputPerMillion],
  ])
  return (input + output) / MILLION
}

/**
 * Charges each part of the tokens at its own rate, and all other tokens at the common rate.
 * @param whole the number of all tokens, parts included
 * @param rate the common rate
 */
function chargeClasses(
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
