import { describe, expect, it } from 'vitest'
import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'
import { atTier, hasTier, vendorOf } from './service-tier.ts'

const PRICE: Price = { inputPerMillion: 4, outputPerMillion: 20 }

describe('atTier', () => {
  it.each<[string | undefined, string, string, number | undefined]>([
    ['openai', 'gpt-5.6', 'flex', 0.5],
    ['openai', 'gpt-5.6', 'batch', 0.5],
    ['openai', 'gpt-5.6', 'priority', 2],
    ['openai', 'gpt-5-mini', 'fast', 1.8],
    ['openai', 'gpt-6-astra', 'ultrafast', 6],
    ['openai', 'gpt-5.6', 'scale', 1],
    ['openai', 'gpt-5.6', 'default:2h', 0.7],
    ['openai', 'gpt-5.6', 'default:8h', 0.6],
    ['anthropic', 'claude-sonnet-4-6', 'batch', 0.5],
    ['anthropic', 'claude-sonnet-4-6', 'standard', 1],
    ['anthropic', 'claude-sonnet-4-6', 'priority', 1],
    ['anthropic', 'claude-opus-5', 'fast', 2],
    ['anthropic', 'claude-opus-4-8-20260501', 'fast', 2],
    ['anthropic', 'claude-opus-4-6', 'fast', 6],
    ['anthropic', 'claude-opus-5-5', 'fast', 6],
    ['anthropic', 'claude-opus-5', 'fast:us', 2.2],
    ['anthropic', 'claude-opus-5', 'standard:mars', 1.1],
    ['google', 'gemini-2.5-pro', 'flex', 0.5],
    ['google', 'gemini-2.5-pro', 'on_demand_flex', 0.5],
    ['google', 'gemini-2.5-pro', 'priority', 2],
    ['google', 'gemini-2.5-pro', 'on_demand_priority', 2],
    ['google', 'gemini-2.5-pro', 'on_demand_offpeak', 1],
    ['google', 'gemini-2.5-pro', 'on_demand', 1],
    ['google', 'gemini-2.5-pro', 'provisioned_throughput', 1],
    [undefined, 'gpt-5.6', 'flex', 1],
    [undefined, 'gpt-5.6', 'batch', 1],
    [undefined, 'gpt-5.6', 'default:8h', 1],
    ['openai', 'gpt-5.6', 'default:24h', 1],
    [undefined, 'gpt-5.6', 'priority', 2],
    [undefined, 'gpt-5.6', 'ultrafast', 6],
    ['groq', 'llama', 'performance', 1],
  ])('knows what %s asks of %s for %s', (vendor, model, tier, factor) => {
    expect(atTier(PRICE, tier, { vendor, model }).factor).toBeCloseTo(factor ?? NaN, 12)
  })

  it.each(['openai', 'anthropic', 'google', 'groq', undefined, '__proto__'])(
    'never takes a tier of %s that is new for a discount',
    (vendor) => {
      for (const tier of [
        'saver',
        'constructor',
        '__proto__',
        'toString',
        'flex2',
        '',
        ':',
        'standard:',
        ':us',
      ]) {
        expect(atTier(PRICE, tier, { vendor, model: 'm' }).factor).toBeGreaterThanOrEqual(1)
      }
    },
  )

  it('prefers your own price for a tier, with any spelling', () => {
    const price = { ...PRICE, tiers: { Flex: 0.3, priority: { outputPerMillion: 50 }, 'fast:us': 9 } }
    const context = { vendor: 'openai', model: 'gpt-5.6' }
    expect(atTier(price, 'flex', context)).toEqual({ price, factor: 0.3 })
    expect(atTier(price, 'on_demand_flex', context).factor).toBe(0.3)
    expect(atTier(price, 'priority', context)).toEqual({
      price: { ...price, outputPerMillion: 50 },
      factor: 1,
    })
    expect(atTier(price, 'fast:us', context).factor).toBe(9)
    expect(atTier(price, 'priority:us', context)).toMatchObject({
      price: { outputPerMillion: 50 },
      factor: 1.1,
    })
    expect(atTier(price, 'batch', context).factor).toBe(0.5)
  })

  it('leaves the price as it is where the answer names no tier', () => {
    expect(atTier(PRICE, undefined, { vendor: 'openai', model: 'm' })).toEqual({ price: PRICE, factor: 1 })
  })
})

describe('hasTier', () => {
  it('knows whether you have a price of your own for a tier', () => {
    const price = { ...PRICE, tiers: { Batch: 0 } }
    expect(hasTier(price, 'batch')).toBe(true)
    expect(hasTier(price, 'flex')).toBe(false)
    expect(hasTier(PRICE, 'batch')).toBe(false)
    expect(hasTier(undefined, 'batch')).toBe(false)
  })
})

describe('vendorOf', () => {
  it.each<[string, string, string | undefined]>([
    ['https://api.openai.com/v1', 'openai', 'openai'],
    ['https://api.anthropic.com', 'anthropic', 'anthropic'],
    ['https://generativelanguage.googleapis.com/v1beta', 'google', 'google'],
    ['https://us-east5-aiplatform.googleapis.com', 'google', 'google'],
    ['http://localhost:1234', 'anthropic', 'anthropic'],
    ['http://localhost:1234', 'google', 'google'],
    ['http://localhost:1234/v1', 'openai', undefined],
    ['https://api.openai.com.example/v1', 'openai', undefined],
    ['https://api.anthropic.com.example', 'openai', undefined],
    ['https://my.openai.azure.com', 'azure', undefined],
  ])('knows the vendor of %s (kind %s)', (baseURL, kind, vendor) => {
    expect(vendorOf({ baseURL, kind } as Target)).toBe(vendor)
  })
})
