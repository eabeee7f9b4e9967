import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CacheTtl, Price } from '../reporting/price.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import { tokenUsage } from '../reporting/token-usage.ts'
import { highestPrice, priceUsage } from './price-usage.ts'

const NOTHING = tokenUsage(0, 0)
const PRICE = { inputPerMillion: 10, outputPerMillion: 100 }
const CLASSES = {
  ...PRICE,
  cachedInputPerMillion: 1,
  cacheWritePerMillion: 12,
  audioInputPerMillion: 40,
  reasoningPerMillion: 200,
  audioOutputPerMillion: 300,
  imageOutputPerMillion: 400,
}
const SONNET: Price = {
  inputPerMillion: 3,
  outputPerMillion: 15,
  cachedInputPerMillion: 0.3,
  cacheWritePerMillion: { '5m': 3.75, '1h': 6 },
}

/** What a caller without TypeScript may pass. */
const NO_RATE = { '5m': undefined } as unknown as Record<'5m', number>
const TTLS = ['5m', '1h', '30m', '12h'] as const satisfies readonly CacheTtl[]
const tokens = fc.nat(1_000_000)
const usages: fc.Arbitrary<TokenUsage> = fc.record({
  inputTokens: tokens,
  outputTokens: tokens,
  cachedInputTokens: tokens,
  cacheWriteInputTokens: tokens,
  cacheWriteTokensByTtl: fc.option(fc.dictionary(fc.constantFrom(...TTLS), tokens), { nil: undefined }),
  audioInputTokens: tokens,
  reasoningTokens: tokens,
  audioOutputTokens: tokens,
  imageOutputTokens: fc.option(tokens, { nil: undefined }),
})
const rate = fc.double({ min: 0, max: 1_000, noNaN: true })
const maybeRate = fc.option(rate, { nil: undefined })
const prices: fc.Arbitrary<Price> = fc.record({
  inputPerMillion: rate,
  outputPerMillion: rate,
  cachedInputPerMillion: maybeRate,
  cacheWritePerMillion: fc.oneof(maybeRate, fc.dictionary(fc.constantFrom(...TTLS), rate)),
  audioInputPerMillion: maybeRate,
  reasoningPerMillion: maybeRate,
  audioOutputPerMillion: maybeRate,
  imageOutputPerMillion: maybeRate,
  perRequest: maybeRate,
})

/** The highest rate of all classes of input, and of all classes of output. */
function highestRates(price: Price): { input: number; output: number } {
  const { cacheWritePerMillion: write = 0 } = price
  const writes = typeof write === 'number' ? [write] : Object.values(write)
  return {
    input: Math.max(
      price.inputPerMillion * 2,
      price.cachedInputPerMillion ?? 0,
      price.audioInputPerMillion ?? 0,
      ...writes,
    ),
    output: Math.max(
      price.outputPerMillion,
      price.reasoningPerMillion ?? 0,
      price.audioOutputPerMillion ?? 0,
      price.imageOutputPerMillion ?? 0,
    ),
  }
}

/** Allows for rounding errors in sums. */
const above = (usd: number): number => usd * (1 + 1e-9) + 1e-9

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
      imageOutputTokens: 10,
    }
    const input = 100 * 1 + 200 * 12 + 300 * 40 + 400 * 10
    const output = 30 * 200 + 20 * 300 + 10 * 400 + 40 * 100
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

  it('charges a token that is counted in two classes once, in the more expensive one', () => {
    const usage = { ...NOTHING, inputTokens: 100, cachedInputTokens: 100, audioInputTokens: 60 }
    expect(priceUsage(usage, CLASSES)).toBeCloseTo((60 * 40 + 40 * 1) / 1e6, 12)
  })

  it.each<[string, Price['cacheWritePerMillion'], TokenUsage['cacheWriteTokensByTtl'], number]>([
    ['at its own rate', { '5m': 20, '1h': 30 }, { '5m': 40, '1h': 60 }, 40 * 20 + 60 * 30],
    ['at the only rate', 15, { '5m': 40, '1h': 60 }, 100 * 15],
    ['of an unknown time at the highest rate', { '5m': 20, '1h': 30 }, undefined, 100 * 30],
    [
      'of which a part is unknown at the highest rate',
      { '5m': 20, '1h': 30 },
      { '5m': 40 },
      40 * 20 + 60 * 30,
    ],
    ['of a time without a rate at the highest rate', { '30m': 21 }, { '12h': 100 }, 100 * 21],
    ['of a time without a rate at the usual factor, if that is more', { '5m': 12 }, { '1h': 100 }, 100 * 20],
    [
      'at the usual factors where no rate is known',
      undefined,
      { '5m': 10, '1h': 20, '30m': 30, '12h': 40 },
      1_700,
    ],
    ['of an unknown time at the highest factor where no rate is known', undefined, undefined, 100 * 20],
    ['at the usual factors where the object is empty', {}, { '5m': 100 }, 100 * 12.5],
    ['at the usual factors where its rate is undefined', NO_RATE, { '5m': 100 }, 100 * 12.5],
    ['that costs nothing', { '5m': 0 }, { '5m': 100 }, 0],
  ])('charges a cache write %s', (_, cacheWritePerMillion, cacheWriteTokensByTtl, millionths) => {
    const usage = {
      ...NOTHING,
      inputTokens: 100,
      cacheWriteInputTokens: 100,
      cacheWriteTokensByTtl,
    }
    expect(priceUsage(usage, { ...PRICE, cacheWritePerMillion })).toBeCloseTo(millionths / 1e6, 12)
  })

  it('charges for the request, and for server tools by their name', () => {
    const price = {
      ...PRICE,
      perRequest: 0.25,
      perServerToolUse: { web_search_requests: 0.01, other: 0.002 },
    }
    expect(priceUsage(NOTHING, price)).toBe(0.25)
    const serverToolUses = { web_search_requests: 3, web_fetch_requests: 5 }
    expect(priceUsage({ ...NOTHING, serverToolUses }, price)).toBeCloseTo(0.28, 12)
    expect(priceUsage({ ...NOTHING, serverToolUses }, { ...PRICE, perRequest: 0.25 })).toBe(0.25)
  })

  it('charges a server tool that is new, or named like a property, as much as the most expensive one', () => {
    const price = { ...PRICE, perServerToolUse: { web_search_requests: 0.01, other: 0.002 } }
    const serverToolUses = Object.fromEntries([
      ['constructor', 1],
      ['__proto__', 1],
      ['new_tool', 2],
    ])
    expect(priceUsage({ ...NOTHING, serverToolUses }, price)).toBeCloseTo(0.04, 12)
  })

  it('multiplies the cost of the tokens by the factor of the tier, and nothing else', () => {
    const price = { ...PRICE, perRequest: 1, perServerToolUse: { web_search_requests: 0.01 } }
    const usage = { ...tokenUsage(1e6, 0), serverToolUses: { web_search_requests: 1 } }
    expect(priceUsage(usage, price, 0.5)).toBeCloseTo(5 + 1 + 0.01, 12)
  })

  it('is never negative and never above the highest rate, whatever a provider reports', () => {
    fc.assert(
      fc.property(usages, prices, (usage, price) => {
        const usd = priceUsage(usage, price)
        const { input, output } = highestRates(price)
        const most = (usage.inputTokens * input + usage.outputTokens * output) / 1e6 + (price.perRequest ?? 0)
        expect(usd).toBeGreaterThanOrEqual(0)
        expect(usd).toBeLessThanOrEqual(above(most))
      }),
    )
  })

  it('never falls when more tokens are reported', () => {
    fc.assert(
      fc.property(usages, prices, tokens, tokens, (usage, price, input, output) => {
        const { imageOutputTokens = usage.outputTokens } = usage
        const counted = { ...usage, imageOutputTokens }
        const more = {
          ...counted,
          inputTokens: usage.inputTokens + input,
          outputTokens: usage.outputTokens + output,
        }
        expect(above(priceUsage(more, price))).toBeGreaterThanOrEqual(priceUsage(counted, price))
      }),
    )
  })

  it('does not depend on whether the writes of a known time are also in the sum', () => {
    fc.assert(
      fc.property(usages, prices, tokens, (usage, price, written) => {
        const cacheWriteTokensByTtl = { '1h': written }
        const one = { ...usage, cacheWriteTokensByTtl, cacheWriteInputTokens: 0 }
        const other = { ...usage, cacheWriteTokensByTtl, cacheWriteInputTokens: written }
        expect(priceUsage(one, price)).toBeCloseTo(priceUsage(other, price), 9)
      }),
    )
  })

  it('equals the sum of the classes when no token is in two of them', () => {
    fc.assert(
      fc.property(tokens, tokens, tokens, tokens, tokens, (plain, read, short, long, output) => {
        const usage = {
          ...NOTHING,
          inputTokens: plain + read + short + long,
          outputTokens: output,
          cachedInputTokens: read,
          cacheWriteInputTokens: short + long,
          cacheWriteTokensByTtl: { '5m': short, '1h': long },
        }
        const usd = (plain * 3 + read * 0.3 + short * 3.75 + long * 6 + output * 15) / 1e6
        expect(priceUsage(usage, SONNET)).toBeCloseTo(usd, 9)
      }),
    )
  })
})

describe('highestPrice', () => {
  it('is an upper bound for every usage within the estimate', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        usages,
        prices,
        fc.array(part, { minLength: 9, maxLength: 9 }),
        (estimate, price, parts) => {
          const of = (count: number, place: number): number => Math.floor(count * (parts[place] ?? 0))
          const inputTokens = of(estimate.inputTokens, 0)
          const outputTokens = of(estimate.outputTokens, 1)
          const byTtl = { '1h': of(estimate.cacheWriteTokensByTtl?.['1h'] ?? 0, 5) }
          const usage: TokenUsage = {
            inputTokens,
            outputTokens,
            cachedInputTokens: Math.min(inputTokens, of(estimate.cachedInputTokens, 2)),
            cacheWriteInputTokens: byTtl['1h'],
            cacheWriteTokensByTtl: byTtl,
            audioInputTokens: of(estimate.audioInputTokens, 3),
            reasoningTokens: of(estimate.reasoningTokens, 4),
            audioOutputTokens: of(estimate.audioOutputTokens, 6),
            imageOutputTokens: of(estimate.imageOutputTokens ?? estimate.outputTokens, 7),
          }
          // A read from the cache that costs more than other input is no price of any provider.
          const sane = {
            ...price,
            cachedInputPerMillion: Math.min(price.cachedInputPerMillion ?? 0, price.inputPerMillion),
          }
          expect(above(highestPrice(estimate, sane))).toBeGreaterThanOrEqual(priceUsage(usage, sane))
        },
      ),
    )
  })

  it('assumes that nothing is read from the cache, and that all that may be written is', () => {
    const estimate = {
      ...tokenUsage(1_000, 0),
      cachedInputTokens: 500,
      cacheWriteInputTokens: 1_000,
      cacheWriteTokensByTtl: { '1h': 1_000 },
    }
    expect(highestPrice(estimate, SONNET)).toBeCloseTo(0.006, 12)
  })

  it('counts writes for 30 minutes, which no request asks for, only at a price that names them', () => {
    const estimate = {
      ...tokenUsage(1_000_000, 0),
      cacheWriteInputTokens: 1_000_000,
      cacheWriteTokensByTtl: { '30m': 1_000_000 },
    }
    expect(highestPrice(estimate, PRICE)).toBe(10)
    expect(highestPrice(estimate, { ...PRICE, cacheWritePerMillion: { '5m': 20 } })).toBe(10)
    expect(highestPrice(estimate, { ...PRICE, cacheWritePerMillion: { '30m': 12 } })).toBe(12)
    expect(highestPrice(estimate, { ...PRICE, cacheWritePerMillion: 13 })).toBe(13)
  })
})

describe('the arithmetic of the vendors', () => {
  it('is that of Anthropic: new input, two kinds of writes, reads and output', () => {
    // Claude Sonnet 4.6: input_tokens 2,095, 5-minute writes 1,800, 1-hour writes 248, reads 18,000, output 503.
    const usage: TokenUsage = {
      ...NOTHING,
      inputTokens: 2_095 + 1_800 + 248 + 18_000,
      cachedInputTokens: 18_000,
      cacheWriteInputTokens: 2_048,
      cacheWriteTokensByTtl: { '5m': 1_800, '1h': 248 },
      outputTokens: 503,
      reasoningTokens: 120,
    }
    // $0.006285 + $0.00675 + $0.001488 + $0.0054 + $0.007545
    expect(priceUsage(usage, SONNET)).toBeCloseTo(0.027468, 12)
    expect(priceUsage(usage, SONNET, 0.5)).toBeCloseTo(0.013734, 12)
  })

  it('is that of Gemini: a prompt that includes what was cached, and thoughts beside the answer', () => {
    const flash = { inputPerMillion: 0.3, outputPerMillion: 2.5, cachedInputPerMillion: 0.03 }
    // promptTokenCount 12,000, cachedContentTokenCount 10,000, candidatesTokenCount 400, thoughtsTokenCount 1,600.
    const usage: TokenUsage = {
      ...NOTHING,
      inputTokens: 12_000,
      cachedInputTokens: 10_000,
      outputTokens: 400 + 1_600,
      reasoningTokens: 1_600,
    }
    // $0.0006 + $0.0003 + $0.005; at half the price with `flex`
    expect(priceUsage(usage, flash)).toBeCloseTo(0.0059, 12)
    expect(priceUsage(usage, flash, 0.5)).toBeCloseTo(0.00295, 12)
  })

  it('is that of OpenAI: writes for 30 minutes and for 12 hours, within the input', () => {
    const price: Price = {
      inputPerMillion: 4,
      outputPerMillion: 20,
      cachedInputPerMillion: 0.4,
      cacheWritePerMillion: { '30m': 5, '12h': 8 },
    }
    // input_tokens 10,000, of which 6,000 cached, 2,000 written for 30 minutes, 1,000 for 12 hours; output_tokens 700.
    const usage: TokenUsage = {
      ...NOTHING,
      inputTokens: 10_000,
      cachedInputTokens: 6_000,
      cacheWriteInputTokens: 3_000,
      cacheWriteTokensByTtl: { '30m': 2_000, '12h': 1_000 },
      outputTokens: 700,
      reasoningTokens: 500,
    }
    // $0.004 + $0.0024 + $0.01 + $0.008 + $0.014
    expect(priceUsage(usage, price)).toBeCloseTo(0.0384, 12)
    expect(priceUsage(usage, price, 2)).toBeCloseTo(0.0768, 12)
  })
})
