import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { priceUsage } from '../cost/price-usage.ts'
import { atTier } from '../cost/service-tier.ts'
import type { Price } from '../reporting/price.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import { settleModels } from './settle-models.ts'

const rate = fc.double({ min: 0, max: 100, noNaN: true })
const price = fc.record(
  { inputPerMillion: rate, outputPerMillion: rate, cachedInputPerMillion: rate, reasoningPerMillion: rate },
  { requiredKeys: ['inputPerMillion', 'outputPerMillion'] },
)
const USAGE: TokenUsage = {
  inputTokens: 9_000,
  outputTokens: 700,
  cachedInputTokens: 3_000,
  cacheWriteInputTokens: 100,
  audioInputTokens: 10,
  reasoningTokens: 300,
  audioOutputTokens: 20,
}

/** What an answer with this usage costs if it names this tier. */
function costAt(settled: Price | undefined, tier: string): number {
  if (!settled) throw new Error('no price')
  const { price: rates, factor } = atTier(settled, tier, { vendor: 'openai', model: 'gpt-5' })
  return priceUsage(USAGE, rates, factor, undefined)
}

const flexOf = (own: Price | undefined, base: Price | undefined) =>
  settleModels({
    'gpt-5': { price: base },
    'gpt-5@flex': { model: 'gpt-5', params: { service_tier: 'flex' }, price: own },
  })['gpt-5@flex']?.price

describe('the price of a variant with a service tier', () => {
  it('is its own at its tier, and that of its model at the standard tier', () => {
    fc.assert(
      fc.property(price, price, (own, base) => {
        expect(costAt(flexOf(own, base), 'flex')).toBeCloseTo(priceUsage(USAGE, own, 1, undefined), 12)
        expect(costAt(flexOf(own, base), 'default')).toBeCloseTo(priceUsage(USAGE, base, 1, undefined), 12)
      }),
    )
  })

  it('is at least twice its own at the standard tier, if the price of its model is not known', () => {
    fc.assert(
      fc.property(price, (own) => {
        const settled = flexOf(own, undefined)
        expect(costAt(settled, 'flex')).toBeCloseTo(priceUsage(USAGE, own, 1, undefined), 12)
        expect(costAt(settled, 'default')).toBeCloseTo(2 * priceUsage(USAGE, own, 1, undefined), 12)
      }),
    )
  })

  it('is that of its model with the discount of the tier, if it has none of its own', () => {
    const base = { inputPerMillion: 2, outputPerMillion: 8 }
    expect(costAt(flexOf(undefined, base), 'flex')).toBeCloseTo(0.5 * costAt(base, 'default'), 12)
  })
})

describe('a variant', () => {
  it('takes over the facts of its model that it does not set, and copies its parameters', () => {
    const params = { reasoning: { effort: 'low' } }
    const settled = settleModels({
      'gpt-5': { contextTokens: 9_000, weight: 2, timeouts: { idleMs: 5, attemptMs: 6 } },
      low: { model: 'gpt-5', params, weight: 3, timeouts: { attemptMs: 7 } },
    })['low']
    params.reasoning.effort = 'high'
    expect(settled).toMatchObject({
      model: 'gpt-5',
      contextTokens: 9_000,
      weight: 3,
      timeouts: { idleMs: 5, attemptMs: 7 },
      params: { reasoning: { effort: 'low' } },
    })
  })

  it('finds the entry of its model at its own provider', () => {
    const models = { 'other/m': { weight: 5 }, m: { weight: 1 }, 'other/m@x': { model: 'm', params: {} } }
    expect(settleModels(models)['other/m@x']?.weight).toBe(5)
  })
})
