import { MemoryStore } from '@harbor/cache'
import { SqliteStore } from '@harbor/cache/sqlite'
import type { SimulatedProvider } from '@harbor/simulator'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  perCall,
  receiptOf,
  type CacheRecord,
  type CacheStore,
  type Harbor,
  type HarborOptions,
  type PerCallOptions,
} from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, simulate } from './helpers/harbor-for.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const CHAT = { model: 'gpt-4', temperature: 0, messages: [{ role: 'user' as const, content: 'Say hello.' }] }

async function cached(options: HarborOptions = {}): Promise<[SimulatedProvider, Harbor]> {
  const provider = await simulate()
  return [provider, harborFor(provider, { cache: true, ...options })]
}

async function fare(harbor: Harbor, asked: PerCallOptions = {}): Promise<CacheRecord | undefined> {
  return receiptOf(await harbor.chat.completions.create(CHAT, perCall(asked)))?.cache
}

describe('the default of cache.when', () => {
  const { temperature: _zero, ...random } = CHAT
  const CHATS: readonly (readonly [what: string, body: typeof CHAT | typeof random, reason: string])[] = [
    ['chat with temperature 0 is cached', CHAT, 'absent'],
    ['chat with a seed is cached', { ...random, seed: 7 } as typeof random, 'absent'],
    ['chat that may differ each time is not', random, 'not-repeatable'],
    ['chat with several choices is not', { ...CHAT, n: 2 } as typeof CHAT, 'several-choices'],
  ]
  it.each(CHATS)('%s', async (_, body, reason) => {
    const [, harbor] = await cached()
    const reply = await harbor.chat.completions.create(body)
    expect(receiptOf(reply)?.cache).toMatchObject({ status: reason === 'absent' ? 'miss' : 'bypass', reason })
  })

  const RESPONSES = { model: 'gpt-4', input: 'Say hello.' }
  it.each([
    ['Responses that are not stored are cached', { ...RESPONSES, store: false }, 'absent'],
    ['Responses that are stored are not', RESPONSES, 'stateful'],
    [
      'Responses that continue another are not',
      { ...RESPONSES, store: false, previous_response_id: 'resp_1' },
      'stateful',
    ],
    [
      'Responses in a conversation are not',
      { ...RESPONSES, store: false, conversation: 'conv_1' },
      'stateful',
    ],
    ['Responses in the background are not', { ...RESPONSES, background: true }, 'stateful'],
  ])('%s', async (_, body, reason) => {
    const [, harbor] = await cached()
    const reply = await harbor.responses.create(body)
    expect(receiptOf(reply)?.cache).toMatchObject({ status: reason === 'absent' ? 'miss' : 'bypass', reason })
  })

  it('caches embeddings, and no endpoint but those of models', async () => {
    const [provider, harbor] = await cached()
    const ask = { model: 'text-embedding-3-small', input: ['one', 'two'] }
    expect((await harbor.embeddings.create(ask)).data).toEqual((await harbor.embeddings.create(ask)).data)
    const models = await harbor.models.list()
    expect(receiptOf(models)?.cache).toBeUndefined()
    expect(models.data.length).toBeGreaterThan(0)
    expect(provider.counts().byOperation).toMatchObject({ embeddings: 1, models: 1 })
  })
})

describe('the answer of a fallback target', () => {
  it('is not cached for the first target', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ cache: true, retry: false })
    primary.fail(status(503), 'ok')
    expect(await fare(harbor)).toMatchObject({ status: 'miss', stored: 'fallback' })
    expect(await fare(harbor)).toMatchObject({ status: 'miss', stored: true })
    expect([primary.counts().calls, backup.counts().calls]).toEqual([2, 1])
  })

  it('is cached with keepFallbackAnswers', async () => {
    const { primary, harbor } = await harborWithBackup({ cache: { keepFallbackAnswers: true }, retry: false })
    primary.fail(status(503))
    expect(await fare(harbor)).toMatchObject({ status: 'miss', stored: true })
    const hit = await harbor.chat.completions.create(CHAT)
    expect(receiptOf(hit)).toMatchObject({ target: 'backup/gpt-4', attempts: [], cache: { status: 'hit' } })
  })
})

describe('a function in cache.when', () => {
  it('decides which requests are cached', async () => {
    const when = (request: Readonly<Record<string, unknown>>): boolean => request['temperature'] === 1
    const [, harbor] = await cached({ cache: { when } })
    expect(await fare(harbor)).toMatchObject({ status: 'bypass', reason: 'not-chosen' })
    const chosen = await harbor.chat.completions.create({ ...CHAT, temperature: 1 })
    expect(receiptOf(chosen)?.cache?.status).toBe('miss')
  })

  it('that throws caches nothing, and the call is answered', async () => {
    const when = (): never => {
      throw new Error('my bug')
    }
    const [, harbor] = await cached({ cache: { when } })
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warned.mockRestore())
    expect(await fare(harbor)).toMatchObject({ status: 'bypass', reason: 'not-chosen' })
    expect(warned).toHaveBeenCalledOnce()
  })

  it('can change at run time, for a client and its copies', async () => {
    const [provider, harbor] = await cached()
    await fare(harbor)
    harbor.configure({ cache: false })
    expect(await fare(harbor)).toBeUndefined()
    expect(harbor.explain().policy.cache).toBeUndefined()
    harbor.configure({ cache: { when: 'always', ttlMs: 60_000 } })
    expect(await fare(harbor)).toMatchObject({ status: 'hit' })
    expect(harbor.explain().policy.cache).toMatchObject({ when: 'always', ttlMs: 60_000 })
    expect(provider.counts().calls).toBe(2)
  })
})

describe('a cached answer', () => {
  it('belongs to its reader: what it changes in the answer changes no later one', async () => {
    const [, harbor] = await cached()
    await fare(harbor)
    const first = await harbor.chat.completions.create(CHAT)
    const text = first.choices[0]?.message.content
    first.choices.length = 0
    expect((await harbor.chat.completions.create(CHAT)).choices[0]?.message.content).toBe(text)
  })

  it('expires when its call says, and is invalidated by its tag', async () => {
    const [, harbor] = await cached()
    await fare(harbor, { ttlMs: 1 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await fare(harbor, { tags: ['greeting'] })).toMatchObject({ status: 'miss', reason: 'expired' })
    expect(await fare(harbor)).toMatchObject({ status: 'hit' })
    expect(await harbor.withOptions({ apiKey: 'another-key' }).cache.invalidateTag('greeting')).toBe(0)
    expect(await harbor.cache.invalidateTag('greeting')).toBe(1)
    expect(await fare(harbor)).toMatchObject({ status: 'miss', reason: 'absent' })
    await harbor.cache.clear()
    expect(await fare(harbor)).toMatchObject({ status: 'miss', reason: 'absent' })
  })

  it('is shared by callers with the same scope, whatever their keys', async () => {
    const [provider, harbor] = await cached({ cache: { scope: 'everybody' } })
    await fare(harbor)
    expect(await fare(harbor.withOptions({ apiKey: 'another-key' }))).toMatchObject({ status: 'hit' })
    expect(await harbor.cache.invalidateTag('none')).toBe(0)
    expect(provider.counts().calls).toBe(1)
  })

  it('that is larger than the whole cache is returned all the same, and counted as refused', async () => {
    const [, harbor] = await cached({ cache: { maxBytes: 100 } })
    expect(await fare(harbor)).toMatchObject({ status: 'miss', stored: 'too-large' })
    expect(harbor.stats().cache).toMatchObject({ entries: 0, refused: { 'too-large': 1 } })
  })

  it('counts as money saved, and passes every spend limit', async () => {
    const [, harbor] = await cached({
      models: { 'gpt-4': { price: { inputPerMillion: 1_000, outputPerMillion: 1_000 } } },
    })
    const paid = receiptOf(await harbor.chat.completions.create(CHAT))?.cost?.usd ?? 0
    harbor.configure({ spendLimit: { usd: 1e-9, per: 'total' } })
    const hit = receiptOf(await harbor.chat.completions.create(CHAT))
    expect(hit).toMatchObject({ cost: undefined, cache: { status: 'hit' } })
    expect(harbor.stats().cost).toMatchObject({ spentUsd: paid, savedByCacheUsd: paid })
    expect(paid).toBeGreaterThan(0)
  })

  it('is reported as uncached where there is no cache', async () => {
    const harbor = harborFor(await simulate())
    const { response } = await harbor.chat.completions.create(CHAT).withResponse()
    expect(response.headers.get('x-harbor-cache')).toBeNull()
    expect(harbor.stats().cache).toMatchObject({ hits: 0, misses: 0, ratio: 0 })
  })
})

describe('createHarborFetch', () => {
  it('caches for any client, and clears by scope', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor({ cache: { scope: 'app' } })
    const ask = (): Promise<Response> =>
      fetch(`${provider.baseURL}/chat/completions`, { method: 'POST', body: JSON.stringify(CHAT) })
    const texts = [await (await ask()).text(), await (await ask()).text()]
    expect(texts[1]).toBe(texts[0])
    expect(provider.counts().calls).toBe(1)
    await fetch.cache.clear({ scope: 'app' })
    expect((await ask()).headers.get('x-harbor-cache')).toBe('miss')
    expect(await fetch.cache.invalidateTag('none')).toBe(0)
    const unscoped = harborFetchFor({ cache: true })
    expect(await failureOf(unscoped.cache.invalidateTag('tag'))).toMatchObject({ option: 'scope' })
  })
})

describe('a far tier', () => {
  it('serves another process, also after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harbor-core-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const provider = await simulate()
    const start = (): Harbor =>
      harborFor(provider, {
        cache: { farTier: new SqliteStore(join(folder, 'answers.sqlite')), farReadTimeoutMs: 5_000 },
      })
    const first = start()
    const text = JSON.stringify(await first.chat.completions.create(CHAT))
    await first.close()
    const second = start()
    const reply = await second.chat.completions.create(CHAT)
    expect(receiptOf(reply)?.cache).toMatchObject({ status: 'hit' })
    expect(JSON.stringify(reply)).toBe(text)
    expect(provider.counts().calls).toBe(1)
  })

  it('that hangs or fails delays a call by at most its timeout', async () => {
    const hanging: CacheStore = {
      get: () => new Promise(() => undefined),
      set: () => new Promise(() => undefined),
      delete: () => Promise.reject(new Error('down')),
    }
    const [provider, harbor] = await cached({ cache: { farTier: hanging, farReadTimeoutMs: 10 } })
    expect(await fare(harbor)).toMatchObject({ status: 'miss', reason: 'far-failed' })
    expect(await fare(harbor)).toMatchObject({ status: 'hit' })
    expect(provider.counts().calls).toBe(1)
    expect(harbor.stats().cache.far.timeouts).toBeGreaterThan(0)
  })

  it('may hold foreign bytes without harm to any call', async () => {
    const store = new MemoryStore()
    const [, harbor] = await cached({ cache: { farTier: store } })
    await fare(harbor)
    const corrupt: CacheStore = {
      get: async (key) => (await store.get(key))?.map((byte) => byte ^ 1),
      set: (key, value, options) => store.set(key, value, options),
      delete: (key) => store.delete(key),
    }
    const [, other] = await cached({ cache: { farTier: corrupt, namespace: 'harbor' } })
    expect(await fare(other)).toMatchObject({ status: 'miss' })
  })
})

describe('a cache section that makes no sense', () => {
  const WRONG: readonly (readonly [object, RegExp])[] = [
    [{ ttlMs: -1 }, /In cache: ttlMs must be/],
    [{ ttlSeconds: 5 }, /In cache: .*ttlSeconds.*/],
    [{ farTier: { set: () => undefined } }, /In cache: farTier must be/],
    [{ maxEntries: 0 }, /In cache: maxEntries must be/],
    [{ when: 'sometimes' }, /cache\.when must be 'safe', 'always' or a function/],
    [{ scope: '' }, /cache\.scope must be a name/],
    [{ maxRecordBytes: 0.5 }, /cache\.maxRecordBytes must be a whole number/],
  ]
  it.each(WRONG)('is refused by name: %j', async (cache, message) => {
    const provider = await simulate()
    expect(() => harborFor(provider, { cache })).toThrow(message)
  })

  it('is refused by name in a copy, at run time and in a call', async () => {
    const [, harbor] = await cached()
    expect(() => harbor.withOptions({ cache: { maxEntries: 5 } })).toThrow(/cache\.maxEntries belongs to/)
    expect(() => harbor.configure({ cache: { farTier: new MemoryStore() } })).toThrow(
      /cache\.farTier belongs to/,
    )
    expect(() => perCall({ ttlMs: -1 })).toThrow(/ttlMs must be/)
    expect(() => perCall({ cache: 'always' as 'default' })).toThrow(/cache must be/)
    expect(() => perCall({ tags: 'one' as unknown as string[] })).toThrow(/tags must be/)
  })
})
