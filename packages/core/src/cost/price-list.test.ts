import { describe, expect, it, vi } from 'vitest'
import type { TokenUsage } from '../receipt.ts'
import type { Target } from '../targets/target.ts'
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
    expect(direct).toBeGreaterThan(0)
    expect(list.costOf(target('main', 'gpt-4o', OPENAI), USAGE)).toBe(direct)
    const proxied = list.costOf(target('deepseek', 'deepseek-chat', 'http://proxy.internal/v1'), USAGE)
    expect(proxied).toBeGreaterThan(0)
  })

  it.each([
    ['a model nobody lists', target('openai', 'no-such-model', OPENAI)],
    [
      'an address nobody knows, though its model has a known name',
      target('openai', 'gpt-4o', 'http://10.0.0.1/v1'),
    ],
    ['an entry with a name of its own', target('backup', 'gpt-4o', 'http://10.0.0.1/v1')],
    ['no model', target('openai', undefined, OPENAI)],
  ])('does not guess: %s', async (_, unknown) => {
    expect((await loaded()).costOf(unknown, USAGE)).toBeUndefined()
  })

  it('charges cached tokens less, and remembers rates without changing sums', async () => {
    const list = await loaded()
    const model = target('openai', 'gpt-4o', OPENAI)
    const full = list.costOf(model, USAGE) ?? 0
    const cached = list.costOf(model, { ...USAGE, cachedInputTokens: 500_000 }) ?? 0
    expect(cached).toBeLessThan(full)
    expect(cached).toBeGreaterThan(full / 2)
    expect(list.costOf(model, USAGE)).toBe(full)
  })
})
