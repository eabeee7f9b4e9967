import { describe, expect, it, vi } from 'vitest'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import { PriceList } from './price-list.ts'

const OPENAI = 'https://api.openai.com/v1'
const USAGE = {
  inputTokens: 1_000_000,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  audioInputTokens: 0,
  reasoningTokens: 0,
  audioOutputTokens: 0,
} satisfies TokenUsage

function target(provider: string, model: string | undefined, baseURL: string): Target {
  return { name: `${provider}/${String(model)}`, provider, model, baseURL } as Target
}

async function loaded(): Promise<PriceList> {
  const list = new PriceList(vi.fn())
  await list.load()
  return list
}

describe('PriceList', () => {
  it('knows nothing before it is loaded', () => {
    expect(new PriceList(vi.fn()).costOf(target('openai', 'gpt-4o', OPENAI), USAGE)).toBeUndefined()
  })

  it('finds a provider by its address, or by the name of its entry', async () => {
    const list = await loaded()
    const direct = list.costOf(target('openai', 'gpt-4o', OPENAI), USAGE)
    expect(direct).toMatchObject({ usd: 2.5, listedBy: 'address' })
    expect(list.costOf(target('main', 'gpt-4o', OPENAI), USAGE)).toEqual(direct)
    const proxied = list.costOf(target('deepseek', 'deepseek-chat', 'http://proxy.internal/v1'), USAGE)
    expect(proxied).toMatchObject({ usd: expect.any(Number) as number, listedBy: 'entry-name' })
    const gateway = list.costOf(target('openai', 'gpt-4o', 'https://gateway.example/v1'), USAGE)
    expect(gateway).toMatchObject({ usd: 2.5, listedBy: 'entry-name' })
  })

  it.each([
    ['google', 'models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google', 'google/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['openai', 'gpt-4.1-latest', 'gpt-4.1'],
    ['openai', 'gpt-4o-mini-2099-01-01', 'gpt-4o-mini'],
    ['openai', 'openai/gpt-4o', 'gpt-4o'],
    ['openrouter', 'openai/gpt-4o:nitro', 'openai/gpt-4o'],
  ])('prices %s %s as %s', async (provider, model, listed) => {
    const list = await loaded()
    const expected = list.costOf(target(provider, listed, 'http://x/v1'), USAGE)
    expect(expected?.usd).toBeGreaterThan(0)
    expect(list.costOf(target(provider, model, 'http://x/v1'), USAGE)?.usd).toBe(expected?.usd)
  })

  it.each(['meta-llama/llama-3.3-70b-instruct:free', 'no-such/model:free'])(
    'knows that %s costs nothing at OpenRouter',
    async (model) => {
      const cost = (await loaded()).costOf(target('openrouter', model, 'https://openrouter.ai/api/v1'), USAGE)
      expect(cost?.usd).toBe(0)
    },
  )

  it('has no price in tokens for what is paid by the hour', async () => {
    expect((await loaded()).costOf(target('openai', 'whisper-1', OPENAI), USAGE)).toBeUndefined()
  })

  it('never throws, whatever is reported', async () => {
    const list = await loaded()
    const odd = { ...USAGE, cachedInputTokens: 5e6, cacheWriteInputTokens: 7e6, audioInputTokens: 9e6 }
    const model = target('openrouter', 'anthropic/claude-sonnet-4.5', 'https://openrouter.ai/api/v1')
    expect(list.costOf(model, odd)?.usd).toBeGreaterThan(0)
  })

  it.each([
    ['a model that is not listed', target('openai', 'no-such-model', OPENAI)],
    ['an entry with a name of its own', target('backup', 'gpt-4o', 'http://10.0.0.1/v1')],
    ['no model', target('openai', undefined, OPENAI)],
  ])('does not guess: %s', async (_, unknown) => {
    expect((await loaded()).costOf(unknown, USAGE)).toBeUndefined()
  })

  it('charges cached tokens less, and remembers rates without changing sums', async () => {
    const list = await loaded()
    const model = target('openai', 'gpt-4o', OPENAI)
    const full = list.costOf(model, USAGE)?.usd ?? 0
    const cached = list.costOf(model, { ...USAGE, cachedInputTokens: 500_000 })?.usd ?? 0
    expect(cached).toBeLessThan(full)
    expect(cached).toBeGreaterThan(full / 2)
    expect(list.costOf(model, USAGE)?.usd).toBe(full)
  })
})
