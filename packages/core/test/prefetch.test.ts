import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type Harbor, type PrefetchRequest, type Receipt } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, simulate } from './helpers/harbor-for.ts'

const question = (content: string) => ({
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content }],
})

async function cacheStatusOf(harbor: Harbor, content: string): Promise<string | undefined> {
  return receiptOf(await harbor.chat.completions.create(question(content)))?.cache?.status
}

const REQUESTS: readonly PrefetchRequest[] = [
  { body: question('One?') },
  { body: { ...question('Two?'), stream: true } },
  { url: '/v1/responses', body: { model: 'gpt-4', store: false, input: 'Three?' } },
  { url: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: 'four' } },
]

describe('prefetch()', () => {
  it('makes the calls of the list, whose answers callers find in the cache', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true })
    expect(await harbor.prefetch(REQUESTS)).toEqual({
      loaded: 4,
      present: 0,
      refused: 0,
      failed: 0,
      skipped: 0,
    })
    expect(provider.counts()).toMatchObject({
      calls: 4,
      byOperation: { chat: 2, responses: 1, embeddings: 1 },
    })
    expect(await cacheStatusOf(harbor, 'One?')).toBe('hit')
    let receipt: Receipt | undefined
    const stream = await harbor.chat.completions.create(
      { ...question('Two?'), stream: true },
      perCall({ onReceipt: (closed) => (receipt = closed) }),
    )
    for await (const chunk of stream) expect(chunk.choices).toHaveLength(1)
    expect(receipt?.cache?.status).toBe('hit')
    await harbor.responses.create({ model: 'gpt-4', store: false, input: 'Three?' })
    await harbor.embeddings.create({ model: 'text-embedding-3-small', input: 'four' })
    expect(provider.counts().calls).toBe(4)
    expect(harbor.stats()).toMatchObject({
      calls: 4,
      attempts: 4,
      cache: { hits: 4, misses: 0, prefetch: { loaded: 4, useful: 4, wasted: 0 } },
    })
  })

  it('skips what is cached already, and what cannot be cached', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true })
    await cacheStatusOf(harbor, 'One?')
    const random = { model: 'gpt-4', messages: question('Any?').messages }
    expect(await harbor.prefetch([...REQUESTS, { body: random }])).toMatchObject({
      loaded: 3,
      present: 1,
      refused: 1,
    })
    expect(provider.counts().calls).toBe(4)
  })

  it('counts a failed call, goes on, and does not count it in the availability', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true, retry: false })
    provider.fail(status(500))
    expect(await harbor.prefetch(REQUESTS, { concurrency: 1 })).toMatchObject({ loaded: 3, failed: 1 })
    expect(harbor.stats()).toMatchObject({ calls: 0, availability: 1, failures: { server: 1 } })
    const nothing = [{ body: null }] as unknown as PrefetchRequest[]
    expect(await harbor.prefetch(nothing)).toMatchObject({ failed: 1 })
  })

  it('caches answers with the scope, tags and ttlMs of the request', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true })
    await harbor.prefetch([{ body: question('One?'), scope: 'tenant', tags: ['doc-1'], ttlMs: 60_000 }])
    expect(await cacheStatusOf(harbor, 'One?')).toBe('miss')
    const ofTenant = await harbor.chat.completions.create(question('One?'), perCall({ scope: 'tenant' }))
    expect(receiptOf(ofTenant)?.cache?.status).toBe('hit')
    expect(await harbor.cache.invalidateTag('doc-1', { scope: 'tenant' })).toBe(1)
  })

  it('throws without a cache to fill', async () => {
    const harbor = harborFor(await simulate())
    expect(await failureOf(harbor.prefetch(REQUESTS))).toMatchObject({
      name: 'OptionError',
      option: 'cache',
    })
  })
})

describe('predictive prefetch', () => {
  /** Makes the calls in order, and waits for the prefetches after each. */
  async function visit(harbor: Harbor, ...contents: string[]): Promise<(string | undefined)[]> {
    const statuses: (string | undefined)[] = []
    for (const content of contents) {
      statuses.push(await cacheStatusOf(harbor, content))
      await settled(harbor)
    }
    return statuses
  }

  async function settled(harbor: Harbor): Promise<void> {
    do await new Promise((resolve) => setTimeout(resolve, 1))
    while (harbor.stats().prefetch?.inFlight !== 0)
  }

  it('makes the call that followed before, and the caller finds its answer in the cache', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true, prefetch: { minSupport: 3 } })
    for (let round = 0; round < 3; round++) await visit(harbor, 'One?', 'Two?')
    await harbor.cache.clear()
    expect(await visit(harbor, 'One?', 'Two?')).toEqual(['miss', 'hit'])
    expect(harbor.stats()).toMatchObject({
      calls: 8,
      prefetch: { predicted: 1, begun: 1, failed: 0 },
      cache: { prefetch: { loaded: 1, useful: 1, wasted: 0 } },
    })
    expect(provider.counts().calls).toBe(4)
  })

  it('marks its calls in events and receipts', async () => {
    const harbor = harborFor(await simulate(), { cache: true, prefetch: { minSupport: 1 } })
    const prefetches: boolean[] = []
    await visit(harbor, 'One?', 'Two?', 'One?')
    await harbor.cache.clear()
    harbor.on('end', ({ receipt }) => prefetches.push(receipt.isPrefetch))
    await visit(harbor, 'One?')
    expect(prefetches).toEqual([false, true])
  })

  it('learns per scope', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true, prefetch: { minSupport: 2 } })
    for (let round = 0; round < 3; round++) await visit(harbor, 'One?', 'Two?')
    const other = harbor.withOptions({ apiKey: 'another-key' })
    expect(await visit(other, 'One?', 'Two?')).toEqual(['miss', 'miss'])
    expect(harbor.stats().prefetch?.begun).toBe(0)
  })

  it('separates the sessions within a scope', async () => {
    const harbor = harborFor(await simulate(), {
      cache: { scope: 'all' },
      prefetch: { minSupport: 2, minConfidence: 0.9 },
    })
    const ask = async (content: string, user: string): Promise<void> => {
      const wishes = user === 'a' ? perCall({ session: user }) : {}
      await harbor.chat.completions.create(
        { ...question(content), ...(user !== 'a' && { safety_identifier: user }) },
        wishes,
      )
      await settled(harbor)
    }
    for (const content of ['One?', 'Two?']) for (const user of ['a', 'b', 'c']) await ask(content, user)
    await harbor.cache.clear()
    await ask('One?', 'd')
    expect(await cacheStatusOf(harbor, 'Two?')).toBe('hit')
    expect(harbor.stats().prefetch).toMatchObject({ begun: 1, predicted: 1 })
  })

  it('ignores long requests, and makes no call once the client is closed', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true, prefetch: { minSupport: 1 } })
    const long = 'Long? '.repeat(5_000)
    await visit(harbor, long, 'Two?', 'Three?', long)
    await harbor.cache.clear()
    await visit(harbor, 'Two?')
    expect(harbor.stats().prefetch?.begun).toBe(1)
    expect(provider.requests().at(-1)?.body).toMatchObject(question('Three?'))
    await harbor.close()
    expect(harbor.stats().prefetch?.inFlight).toBe(0)
  })

  it('is refused without a cache, and with invalid options', async () => {
    const provider = await simulate()
    expect(() => harborFor(provider, { prefetch: true })).toThrow(/prefetch needs the cache/)
    const wrong = { minPrecision: 2 }
    expect(() => harborFor(provider, { cache: true, prefetch: wrong })).toThrow(/In prefetch: minPrecision/)
    const clock = { clock: Date } as object
    expect(() => harborFor(provider, { cache: true, prefetch: clock })).toThrow(/prefetch.clock/)
    expect(() => harborFor(provider, { cache: true }).withOptions({ prefetch: true })).toThrow(/prefetch/)
  })
})
