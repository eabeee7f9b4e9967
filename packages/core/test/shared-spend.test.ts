import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { ask, chat, models } from './helpers/fixed-answers.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve, type TestServer } from './helpers/http-server.ts'

const USAGE = { prompt_tokens: 0, completion_tokens: 5_000, total_tokens: 5_000 }
const ANSWER = chat('x', { usage: USAGE })
const of = (tenant: string) => perCall({ labels: { tenant } })
const body = (content = 'Hi') => ask(content, { max_completion_tokens: 5_000, temperature: 0 })
const outcomeOf = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    () => 'answered',
    (error: unknown) => (error as { code?: unknown }).code,
  )
const used = (harbor: Harbor, tenant: string): number | undefined => harbor.spend({ tenant })[0]?.usedUsd

/** A limit by tenant under which one chat is affordable, and two are not. */
const BY_TENANT = { usd: 0.0105, per: 'total', by: 'tenant' } as const

describe('identical calls of tenants with money of their own', () => {
  it('are paid by the one that began the request', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const harbor = harborFor(upstream, { models, cache: true, spendLimit: BY_TENANT })
    await Promise.all(['a', 'b', 'c'].map((tenant) => harbor.chat.completions.create(body(), of(tenant))))
    await harbor.chat.completions.create(body(), of('d'))
    expect(upstream.requests).toHaveLength(1)
    expect(['a', 'b', 'c', 'd'].map((tenant) => used(harbor, tenant))).toEqual([0.01, 0, 0, 0])
  })

  it('are not refused because that one has no money left', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const harbor = harborFor(upstream, { models, cache: true, spendLimit: BY_TENANT })
    for (const tenant of ['a', 'b']) await harbor.chat.completions.create(body(`of ${tenant}`), of(tenant))
    const free = harbor.withOptions({ spendLimit: false })
    const outcomes = await Promise.all([
      ...['a', 'b', 'a', 'c', 'd', 'b'].map((tenant) =>
        outcomeOf(harbor.chat.completions.create(body(), of(tenant))),
      ),
      outcomeOf(free.chat.completions.create(body())),
    ])
    expect(outcomes).toEqual([
      ...['spend_limit', 'spend_limit', 'spend_limit', 'answered', 'answered', 'spend_limit'],
      'answered',
    ])
    expect(upstream.requests).toHaveLength(3)
  })

  it('each read of their own money when they are refused together', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const harbor = harborFor(upstream, { models, cache: true, spendLimit: { ...BY_TENANT, usd: 1e-6 } })
    const tenants = Array.from({ length: 100 }, (_, at) => `t${at}`)
    const errors = await Promise.all(
      tenants.map((tenant) => failureOf(harbor.chat.completions.create(body(), of(tenant)))),
    )
    for (const [at, error] of errors.entries())
      expect((error as Error).message).toContain(`for tenant "t${at}" is left`)
    expect(errors.map((error) => receiptOf(error)?.labels)).toEqual(tenants.map((tenant) => ({ tenant })))
  })
})

describe('a refresh and a prefetch', () => {
  it('are paid with the labels of the call that they belong to', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const harbor = harborFor(upstream, {
      models,
      cache: { ttlMs: 1, staleWhileRevalidateMs: 60_000 },
      spendLimit: { ...BY_TENANT, usd: 1 },
    })
    await harbor.chat.completions.create(body(), of('a'))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await harbor.chat.completions.create(body(), of('b'))
    await expect.poll(() => used(harbor, 'b')).toBe(0.01)
    const copy = harbor.withOptions({ labels: { tenant: 'c' } })
    await copy.prefetch([{ url: '/v1/chat/completions', body: body('prefetched') }])
    expect([used(harbor, 'a'), used(harbor, 'b'), used(harbor, 'c')]).toEqual([0.01, 0.01, 0.01])
  })
})

describe('a predicted request', () => {
  it('is paid by the call after which it was predicted, within its own limit', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const options = { models, cache: true, prefetch: { minSupport: 3 } } as const
    const harbor = harborFor(upstream, { ...options, spendLimit: { ...BY_TENANT, usd: 1 } })
    const visit = async (client: Harbor, tenant: string, ...contents: string[]): Promise<void> => {
      for (const content of contents) {
        await client.chat.completions.create(body(content), of(tenant))
        do await new Promise((resolve) => setTimeout(resolve, 1))
        while (harbor.stats().prefetch?.inFlight !== 0)
      }
    }
    for (let round = 0; round < 3; round++) await visit(harbor, 'a', 'One?', 'Two?')
    expect(used(harbor, 'a')).toBeCloseTo(0.02, 9)
    await harbor.cache.clear()
    await visit(harbor, 'b', 'One?', 'Two?')
    expect(harbor.stats().prefetch).toMatchObject({ begun: 1, failed: 0 })
    expect(used(harbor, 'a')).toBeCloseTo(0.02, 9)
    expect(used(harbor, 'b')).toBeCloseTo(0.02, 9)
    await harbor.cache.clear()
    await visit(harbor.withOptions({ spendLimit: BY_TENANT }), 'c', 'One?')
    expect(harbor.stats().prefetch).toMatchObject({ begun: 2 })
    expect([used(harbor, 'a'), used(harbor, 'c')]).toEqual([expect.closeTo(0.02, 9), 0.01])
  })
})

describe('a refresh that its caller cannot pay', () => {
  it('is made for the next caller that can, without a pause', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const harbor = harborFor(upstream, {
      models,
      cache: { ttlMs: 1, staleWhileRevalidateMs: 60_000, staleIfErrorMs: 60_000 },
      spendLimit: BY_TENANT,
    })
    const cacheOf = async (tenant: string): Promise<unknown> =>
      receiptOf(await harbor.chat.completions.create(body(), of(tenant)))?.cache
    await cacheOf('a')
    for (let count = 0; count < 3; count++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(await cacheOf('a')).toMatchObject({ status: 'stale', reason: 'revalidating' })
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await cacheOf('b')).toMatchObject({ status: 'stale', reason: 'revalidating' })
    await expect.poll(() => used(harbor, 'b')).toBe(0.01)
    expect(upstream.requests).toHaveLength(2)
  })
})

describe('hedged and repeated attempts', () => {
  it('reserve each for themselves in the money of the call', async () => {
    let calls = 0
    const upstream = await serve((_, response) => {
      if (calls++ > 0) sendJson(response, ANSWER)
    })
    const harbor = harborFor(upstream, {
      models: { ...models, 'other/m': models.m },
      providers: { other: { apiKey: 'k', baseURL: upstream.baseURL } },
      fallback: ['other/m'],
      hedge: { afterMs: 20, maxExtraRatio: 1 },
      spendLimit: [
        { usd: 1, per: 'total' },
        { ...BY_TENANT, usd: 0.025 },
      ],
    })
    await harbor.chat.completions.create(body(), of('a'))
    expect(upstream.requests).toHaveLength(2)
    // The attempt that lost may have been billed.
    const [all, own] = harbor.spend()
    expect(all?.usedUsd).toBeGreaterThan(0.02)
    expect(own).toMatchObject({ value: 'a', usedUsd: all?.usedUsd, reservedUsd: 0 })
    expect(await outcomeOf(harbor.chat.completions.create(body(), of('a')))).toBe('spend_limit')
    expect(await outcomeOf(harbor.chat.completions.create(body(), of('b')))).toBe('answered')
  })
})

/** A server of embeddings. Each text of n letters costs n tokens, and each token one cent. */
async function embedder(
  before: (texts: readonly string[]) => 'answer' | number | 'cut' = () => 'answer',
  tokensOf: (text: string) => number = (text) => text.length,
) {
  return serve(({ body: text }, response) => {
    const texts = [(JSON.parse(text) as { input: string | string[] }).input].flat()
    const how = before(texts)
    if (how === 'cut') response.destroy()
    else if (how !== 'answer') sendJson(response, { error: { message: 'no' } }, how)
    else {
      const data = texts.map((_, index) => ({ object: 'embedding', index, embedding: [index] }))
      const tokens = texts.reduce((sum, each) => sum + tokensOf(each), 0)
      sendJson(response, {
        object: 'list',
        data,
        model: 'e',
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      })
    }
  })
}

const PRICE = { inputPerMillion: 10_000, outputPerMillion: 0 }
const batching = (upstream: TestServer, options: HarborOptions): Harbor =>
  harborFor(upstream, { models: { e: { price: PRICE } }, embeddingBatch: true, ...options })
const embed = (harbor: Harbor, input: string, tenant: string) =>
  harbor.embeddings.create({ model: 'e', input, encoding_format: 'float' }, of(tenant))

describe('a batch of embeddings', () => {
  it('is one request for all tenants, each of which pays its share', async () => {
    const upstream = await embedder()
    const harbor = batching(upstream, {
      spendLimit: [
        { usd: 10, per: 'day' },
        { ...BY_TENANT, usd: 5 },
      ],
    })
    const replies = await Promise.all([
      embed(harbor, 'one', 'a'),
      embed(harbor, 'three more words', 'b'),
      embed(harbor, 'two', 'a'),
    ])
    expect(upstream.requests).toHaveLength(1)
    const costs = replies.map((reply) => receiptOf(reply)?.cost?.usd ?? 0)
    expect(costs.every((usd) => usd > 0)).toBe(true)
    expect(used(harbor, 'a')).toBeCloseTo((costs[0] ?? 0) + (costs[2] ?? 0), 12)
    expect(used(harbor, 'b')).toBeCloseTo(costs[1] ?? 0, 12)
    expect(harbor.spend()[0]?.usedUsd).toBeCloseTo(harbor.stats().cost.spentUsd, 12)
    expect(harbor.spend().every(({ reservedUsd }) => reservedUsd === 0)).toBe(true)
  })

  it('never costs a tenant more than was reserved for its text, whatever the scripts of the others', async () => {
    // Real tokenizers count about one token for four English letters, and one for each Chinese character.
    const upstream = await embedder(
      () => 'answer',
      (text) => text.replace(/[a-z ]{4}/g, '.').length,
    )
    const [english, chinese] = ['word '.repeat(200), '今天天气很好'.repeat(170)]
    // Alone, the English text reserves about 2.5 dollars.
    const harbor = batching(upstream, { spendLimit: { usd: 3, per: 'total', by: 'tenant' } })
    const generous = harbor.withOptions({ spendLimit: { usd: 30, per: 'total', by: 'tenant' } })
    expect(await outcomeOf(embed(harbor, english, 'alone'))).toBe('answered')
    await Promise.all([embed(generous, english, 'a'), embed(generous, chinese, 'b')])
    expect(upstream.requests).toHaveLength(2)
    expect(used(harbor, 'b')).toBeGreaterThan(8)
    expect(used(harbor, 'a')).toBeLessThan(3)
  })

  it('is sent without the texts that cannot be paid for', async () => {
    const upstream = await embedder()
    const harbor = batching(upstream, { spendLimit: { ...BY_TENANT, usd: 0.1 } })
    const long = 'much too long for the money '.repeat(5)
    const outcomes = await Promise.all([
      outcomeOf(embed(harbor, long, 'a')),
      outcomeOf(embed(harbor, 'ok', 'b')),
      outcomeOf(embed(harbor, long, 'c')),
      outcomeOf(embed(harbor, 'ok', 'a')),
    ])
    expect(outcomes).toEqual(['spend_limit', 'answered', 'spend_limit', 'answered'])
    expect(
      upstream.requests.map((request) => (JSON.parse(request.body) as { input: unknown }).input),
    ).toEqual([['ok', 'ok']])
    expect(used(harbor, 'c')).toBe(0)
  })

  it.each(['answer', 'cut'] as const)(
    'is repeated without the texts that cannot be paid for again (then: %s)',
    async (then) => {
      let requests = 0
      const upstream = await embedder(() => (requests++ === 0 || then === 'cut' ? 'cut' : 'answer'))
      const harbor = batching(upstream, { spendLimit: { ...BY_TENANT, usd: 0.3 } })
      const large = 'just once '.repeat(6)
      const [poor, rich, other] = await Promise.all(
        [large, 'a word', 'another'].map((text, at) =>
          embed(harbor, text, `t${at}`).catch((error: unknown) => error),
        ),
      )
      expect(poor).toMatchObject({ status: 402, code: 'spend_limit' })
      expect((poor as Error).message).toContain('for tenant "t0" is left')
      const inputs = upstream.requests.map(
        ({ body: text }) => (JSON.parse(text) as { input: unknown[] }).input.length,
      )
      // A request that may have been billed is repeated at most once, also without the first text.
      expect(inputs).toEqual([3, 2])
      const isAnswered = then === 'answer'
      for (const result of [rich, other]) {
        expect(result instanceof Error).toBe(!isAnswered)
        expect(receiptOf(result)?.possiblyBilled).toBe(isAnswered ? 1 : 2)
      }
      expect(harbor.spend().every(({ reservedUsd }) => reservedUsd === 0)).toBe(true)
      // The lost request counts for each of the three.
      expect(['t0', 't1', 't2'].every((tenant) => (used(harbor, tenant) ?? 0) > 0)).toBe(true)
    },
  )

  it('gives back the money of all when the provider refuses it', async () => {
    const upstream = await embedder(() => 401)
    const harbor = batching(upstream, { spendLimit: { ...BY_TENANT, usd: 5 } })
    const outcomes = await Promise.all(['a', 'b'].map((tenant) => failureOf(embed(harbor, 'text', tenant))))
    expect(outcomes).toMatchObject([{ status: 401 }, { status: 401 }])
    expect(harbor.spend()).toEqual([])
  })
})
