import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TokenUsage } from '../reporting/receipt.ts'
import { priceUsage } from './price-usage.ts'

const NOTHING: TokenUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  audioInputTokens: 0,
  reasoningTokens: 0,
  audioOutputTokens: 0,
}
const PRICE = { inputPerMillion: 10, outputPerMillion: 100 }
const CLASSES = {
  ...PRICE,
  cachedInputPerMillion: 1,
  cacheWritePerMillion: 12,
  audioInputPerMillion: 40,
  reasoningPerMillion: 200,
  audioOutputPerMillion: 300,
}

describe('priceUsage', () => {
  it('charges every class at its own rate, and counts it once', () => {
    const usage: TokenUsage = {
      inputTokens: 1_000,
      cachedInputTokens: 100,
      cacheWriteInputTokens: 200,
      audioInputTokens: 300,
      outputTokens: 100,
      reasoningTokens: 30,
      audioOutputTokens: 20,
    }
    const input = 100 * 1 + 200 * 12 + 300 * 40 + 400 * 10
    const output = 30 * 200 + 20 * 300 + 50 * 100
    expect(priceUsage(usage, CLASSES)).toBeCloseTo((input + output) / 1e6, 12)
  })

  it('charges a class that has no rate of its own like the rest', () => {
    const usage = {
      ...NOTHING,
      inputTokens: 100,
      cachedInputTokens: 60,
      outputTokens: 10,
      reasoningTokens: 9,
    }
    expect(priceUsage(usage, PRICE)).toBeCloseTo((100 * 10 + 10 * 100) / 1e6, 12)
  })

  it('is never negative, whatever a provider reports', () => {
    const tokens = fc.nat(1_000_000)
    const usages = fc.record({
      inputTokens: tokens,
      outputTokens: tokens,
      cachedInputTokens: tokens,
      cacheWriteInputTokens: tokens,
      audioInputTokens: tokens,
      reasoningTokens: tokens,
      audioOutputTokens: tokens,
    })
    fc.assert(
      fc.property(usages, (usage) => {
        const usd = priceUsage(usage, CLASSES)
        const highest = (usage.inputTokens * 40 + usage.outputTokens * 300) / 1e6
        expect(usd).toBeGreaterThanOrEqual(0)
        expect(usd).toBeLessThanOrEqual(highest + 1e-9)
      }),
    )
  })
})
