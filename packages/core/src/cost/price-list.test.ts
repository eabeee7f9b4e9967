import { describe, expect, it, vi } from 'vitest'
import type { Target } from '../reporting/target.ts'
import { tokenUsage } from '../reporting/token-usage.ts'
import { PriceList } from './price-list.ts'
import { priceUsage } from './price-usage.ts'

const OPENAI = 'https://api.openai.com/v1'
const ANTHROPIC = 'https://api.anthropic.com'
const GEMINI = 'https://generativelanguage.googleapis.com'
const UNKNOWN = 'http://10.0.0.1/v1'
const USAGE = tokenUsage(1_000_000, 0)

function target(provider: string, model: string | undefined, baseURL: string, kind = 'openai'): Target {
  return { name: `${provider}/${String(model)}`, provider, kind, model, baseURL } as Target
}

async function loaded(): Promise<PriceList> {
  const list = new PriceList(vi.fn())
  await list.load()
  return list
}

function usdOf(list: PriceList, model: Target, usage = USAGE): number | undefined {
  const listed = list.priceOf(model, usage.inputTokens)
  return listed && priceUsage(usage, listed.price, listed.factor)
}

describe('PriceList', () => {
  it('knows nothing before it is loaded', () => {
    expect(new PriceList(vi.fn()).priceOf(target('openai', 'gpt-4o', OPENAI), 1)).toBeUndefined()
  })

  it('finds a provider by its address, by the name of its entry, or by its kind', async () => {
    const list = await loaded()
    const direct = list.priceOf(target('openai', 'gpt-4o', OPENAI), 1)
    expect(direct).toMatchObject({ price: { inputPerMillion: 2.5 }, listedBy: 'address', vendor: 'openai' })
    expect(list.priceOf(target('main', 'gpt-4o', OPENAI), 1)).toEqual(direct)
    const proxied = list.priceOf(target('deepseek', 'deepseek-chat', 'http://proxy.internal/v1'), 1)
    expect(proxied).toMatchObject({ listedBy: 'entry-name', vendor: 'deepseek' })
    const gateway = list.priceOf(target('openai', 'gpt-4o', 'https://gateway.example/v1'), 1)
    expect(gateway).toMatchObject({ price: { inputPerMillion: 2.5 }, listedBy: 'entry-name' })
    const claude = list.priceOf(target('backup', 'claude-sonnet-4-6', UNKNOWN, 'anthropic'), 1)
    expect(claude).toMatchObject({ price: { inputPerMillion: 3 }, listedBy: 'kind', vendor: 'anthropic' })
    const gemini = list.priceOf(target('backup', 'gemini-2.5-flash', UNKNOWN, 'google'), 1)
    expect(gemini).toMatchObject({ price: { inputPerMillion: 0.3 }, listedBy: 'kind', vendor: 'google' })
  })

  it.each([
    ['google', 'models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google', 'google/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google', 'publishers/google/models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google', 'projects/p/locations/global/publishers/google/models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['google', 'gemini-2.5-flash-001', 'gemini-2.5-flash'],
    ['google', 'gemini-2.5-flash-latest', 'gemini-2.5-flash'],
    ['google', 'gemini-2.5-pro-preview-06-05', 'gemini-2.5-pro'],
    ['google', 'publishers/anthropic/models/claude-sonnet-4-6@20260217', 'claude-sonnet-4-6'],
    ['anthropic', 'claude-sonnet-4-6-20260217', 'claude-sonnet-4-6'],
    ['anthropic', 'claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['anthropic', 'claude-opus-4-6-latest', 'claude-opus-4-6'],
    ['anthropic', 'claude-opus-4-5@20251101', 'claude-opus-4-5'],
    ['anthropic', 'anthropic/claude-opus-4-6', 'claude-opus-4-6'],
    ['openai', 'gpt-4.1-latest', 'gpt-4.1'],
    ['openai', 'gpt-4o-mini-2099-01-01', 'gpt-4o-mini'],
    ['openai', 'openai/gpt-4o', 'gpt-4o'],
    ['openrouter', 'openai/gpt-4o:nitro', 'openai/gpt-4o'],
  ])('prices %s %s as %s', async (provider, model, listed) => {
    const list = await loaded()
    const expected = usdOf(list, target(provider, listed, 'http://x/v1'))
    expect(expected).toBeGreaterThan(0)
    expect(usdOf(list, target(provider, model, 'http://x/v1'))).toBe(expected)
  })

  it.each(['meta-llama/llama-3.3-70b-instruct:free', 'no-such/model:free'])(
    'knows that %s costs nothing at OpenRouter',
    async (model) => {
      expect(usdOf(await loaded(), target('openrouter', model, 'https://openrouter.ai/api/v1'))).toBe(0)
    },
  )

  it('has no price in tokens for what is paid by the hour', async () => {
    expect((await loaded()).priceOf(target('openai', 'whisper-1', OPENAI), 1)).toBeUndefined()
  })

  it('prices what makes no sense, too, and never too low', async () => {
    const list = await loaded()
    const odd = { ...USAGE, cachedInputTokens: 5e6, cacheWriteInputTokens: 7e6, audioInputTokens: 9e6 }
    const model = target('openrouter', 'anthropic/claude-sonnet-4.5', 'https://openrouter.ai/api/v1')
    expect(usdOf(list, model, odd)).toBeGreaterThan(usdOf(list, model) ?? Infinity)
  })

  it.each([
    ['a model that is not listed', target('openai', 'no-such-model', OPENAI)],
    ['a model of Anthropic that is not listed', target('anthropic', 'claude-nova-9', ANTHROPIC)],
    ['a newer model with a longer name', target('anthropic', 'claude-sonnet-5-5', ANTHROPIC)],
    ['the same, with a date', target('anthropic', 'claude-sonnet-5-5-20261001', ANTHROPIC)],
    ['a newer model of Google', target('google', 'models/gemini-9-pro', GEMINI)],
    ['a model that makes images', target('google', 'gemini-3.8-flash-image', GEMINI)],
    ['a tuned model', target('google', 'tunedModels/mine', GEMINI)],
    ['an entry with a name of its own', target('backup', 'gpt-4o', UNKNOWN)],
    ['no model', target('openai', undefined, OPENAI)],
    ['a model that is named like a property', target('anthropic', '__proto__', ANTHROPIC)],
  ])('does not guess: %s', async (_, unknown) => {
    expect((await loaded()).priceOf(unknown, 1)).toBeUndefined()
  })

  it('charges cached tokens less, and remembers rates without changing sums', async () => {
    const list = await loaded()
    const model = target('openai', 'gpt-4o', OPENAI)
    const full = usdOf(list, model) ?? 0
    const cached = usdOf(list, model, { ...USAGE, cachedInputTokens: 500_000 }) ?? 0
    expect(cached).toBeLessThan(full)
    expect(cached).toBeGreaterThan(full / 2)
    expect(usdOf(list, model)).toBe(full)
  })
})

describe('the price list of today', () => {
  it.each([
    ['claude-sonnet-4-6', 3, 15],
    ['claude-haiku-4-5', 1, 5],
    ['claude-opus-4-6', 5, 25],
    ['claude-opus-5', 5, 25],
  ])('has the price of %s, its cache and its searches', async (model, input, output) => {
    const listed = (await loaded()).priceOf(target('claude', model, ANTHROPIC), 1)
    expect(listed).toMatchObject({ listedBy: 'address', vendor: 'anthropic', factor: 1 })
    expect(listed?.price).toMatchObject({
      inputPerMillion: input,
      outputPerMillion: output,
      cachedInputPerMillion: input / 10,
      cacheWritePerMillion: { '5m': input * 1.25, '1h': input * 2 },
      perServerToolUse: { web_search_requests: 0.01 },
    })
  })

  it('has a lower price for what Fable 5.1 reads from the cache', async () => {
    const listed = (await loaded()).priceOf(target('claude', 'claude-fable-5-1', ANTHROPIC), 1)
    expect(listed?.price).toMatchObject({ inputPerMillion: 10, cachedInputPerMillion: 0.25 })
  })

  it('charges a whole request of Gemini 2.5 Pro more once its input is longer than 200,000 tokens', async () => {
    const list = await loaded()
    const pro = target('google', 'gemini-2.5-pro', GEMINI)
    expect(usdOf(list, pro, tokenUsage(200_000, 1_000))).toBeCloseTo(0.2 * 1.25 + 0.01, 12)
    expect(usdOf(list, pro, tokenUsage(200_001, 1_000))).toBeCloseTo(0.200001 * 2.5 + 0.015, 12)
  })

  it('has the price of Gemini 2.5 Flash, with audio', async () => {
    const listed = (await loaded()).priceOf(target('google', 'gemini-2.5-flash', GEMINI), 300_000)
    expect(listed?.price).toMatchObject({
      inputPerMillion: 0.3,
      outputPerMillion: 2.5,
      cachedInputPerMillion: 0.03,
      audioInputPerMillion: 1,
    })
  })

  it('charges every output token of a model that makes images like one of an image, unless they are counted apart', async () => {
    const list = await loaded()
    const model = target('google', 'gemini-2.5-flash-image', GEMINI)
    expect(usdOf(list, model, tokenUsage(0, 1_000_000))).toBe(30)
    expect(usdOf(list, model, { ...tokenUsage(0, 1_000_000), imageOutputTokens: 0 })).toBe(2.5)
  })

  it('charges for writes to the cache of OpenAI from GPT-5.6 on, and not before', async () => {
    const list = await loaded()
    const written = { ...tokenUsage(100_000, 0), cacheWriteInputTokens: 100_000 }
    const thirty = { ...written, cacheWriteTokensByTtl: { '30m': 100_000 } }
    expect(usdOf(list, target('openai', 'gpt-5.6', OPENAI), thirty)).toBeCloseTo(0.5, 12)
    expect(usdOf(list, target('openai', 'gpt-5', OPENAI), thirty)).toBeCloseTo(0.125, 12)
    expect(usdOf(list, target('openai', 'gpt-5', OPENAI), written)).toBeCloseTo(0.125, 12)
  })

  it('charges for the searches of OpenAI', async () => {
    const usage = { ...tokenUsage(0, 0), serverToolUses: { web_search_requests: 3, file_search_requests: 2 } }
    expect(usdOf(await loaded(), target('openai', 'gpt-5', OPENAI), usage)).toBeCloseTo(0.035, 12)
  })

  it('charges for each request where the provider does', async () => {
    const sonar = target('perplexity', 'sonar', 'https://api.perplexity.ai')
    expect(usdOf(await loaded(), sonar, tokenUsage(0, 0))).toBeCloseTo(0.012, 12)
  })

  it.each([
    ['https://aiplatform.googleapis.com', 3],
    ['https://us-east5-aiplatform.googleapis.com', 3.3],
    ['https://bedrock-runtime.us-east-1.amazonaws.com', 3.3],
  ])('has the price of Claude Sonnet 4.6 at %s', async (baseURL, usd) => {
    const isBedrock = baseURL.includes('bedrock')
    const model = isBedrock ? 'us.anthropic.claude-sonnet-4-6-v1:0' : 'claude-sonnet-4-6'
    expect(usdOf(await loaded(), target('cloud', model, baseURL))).toBeCloseTo(usd, 12)
  })

  it('charges a cache write of Claude for an hour at twice the input where only shorter ones are listed', async () => {
    const model = target('cloud', 'claude-sonnet-4-6', 'https://aiplatform.googleapis.com')
    const listed = (await loaded()).priceOf(model, 1)
    expect(listed?.price.cacheWritePerMillion).toEqual({ '5m': 3.75, '1h': 6 })
  })
})
