import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type HarborOptions, type Labels } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const PRICE = { inputPerMillion: 1_000_000, outputPerMillion: 0 }

describe('the labels of a call', () => {
  it('are those of the client, its copy and the call, and stand on its receipt', async () => {
    const harbor = harborFor(await simulate(), { labels: { service: 'chat', tenant: 'none' } })
    const copy = harbor.withOptions({ labels: { tenant: 'acme' } })
    const labels = { feature: 'search' }
    const call = copy.chat.completions.create(HELLO, perCall({ labels }))
    labels.feature = 'changed after the call'
    expect(receiptOf(await call)?.labels).toEqual({ service: 'chat', tenant: 'acme', feature: 'search' })
    expect(receiptOf(await harbor.chat.completions.create(HELLO))?.labels).toEqual({
      service: 'chat',
      tenant: 'none',
    })
  })

  it('are empty without any', async () => {
    const harbor = harborFor(await simulate())
    expect(receiptOf(await harbor.chat.completions.create(HELLO))?.labels).toEqual({})
  })

  it('are those of createHarborFetch() and with()', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor({ labels: { service: 'chat' } })
    const tenant = fetch.with({ labels: { tenant: 'acme' } }).with({ labels: { feature: 'search' } })
    const receipts: (Labels | undefined)[] = []
    fetch.on('end', ({ receipt }) => receipts.push(receipt.labels))
    const client = new Anthropic({ apiKey: 'k', baseURL: new URL('/', provider.baseURL).href, fetch: tenant })
    const request = { model: 'claude-sonnet-4-6', max_tokens: 9, messages: HELLO.messages }
    await client.messages.create(request, { maxRetries: 0 }).catch(() => undefined)
    expect(receipts).toEqual([{ service: 'chat', tenant: 'acme', feature: 'search' }])
  })

  it.each([
    [{ 'a b': 'x' }, 'labels'],
    [{ ['x'.repeat(65)]: 'x' }, 'labels'],
    [{ tenant: 'x'.repeat(257) }, 'labels.tenant'],
    [{ tenant: 7 }, 'labels.tenant'],
    [Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, 'x'])), 'labels'],
    [['acme'], 'labels'],
    ['acme', 'labels'],
  ])('are refused by name, without their values, if they are invalid: %#', async (labels, option) => {
    const wrong = { labels } as unknown as Pick<HarborOptions, 'labels'> & { labels: Labels }
    const refusal = expect.objectContaining({ name: 'OptionError', option }) as Error
    const provider = await simulate()
    expect(() => harborFor(provider, wrong)).toThrow(refusal)
    expect(() => harborFor(provider).withOptions(wrong)).toThrow(refusal)
    expect(() => perCall(wrong)).toThrow(refusal)
    expect(() => harborFetchFor().with(wrong)).toThrow(refusal)
    const long = 'secret'.repeat(99)
    expect(() => perCall({ labels: { tenant: long } })).toThrow(
      /^labels\.tenant must be a text of at most 256 characters, got one of 594\.$/,
    )
  })
})

describe('stats().labels', () => {
  it('counts calls, failures, tokens and cost by label and value', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { retry: false, models: { 'gpt-4': { price: PRICE } } })
    const first = await harbor.chat.completions.create(HELLO, perCall({ labels: { tenant: 'acme' } }))
    provider.fail(status(500))
    await harbor.chat.completions
      .create(HELLO, perCall({ labels: { tenant: 'acme', feature: 'search' } }))
      .catch(() => undefined)
    await harbor.chat.completions.create(HELLO)
    const { tenant, feature } = harbor.stats().labels
    expect(tenant?.['acme']).toEqual({
      calls: 2,
      failures: 1,
      aborted: 0,
      attempts: 2,
      inputTokens: first.usage?.prompt_tokens,
      outputTokens: first.usage?.completion_tokens,
      spentUsd: receiptOf(first)?.cost?.usd,
      possiblyBilled: 0,
    })
    expect(feature?.['search']).toMatchObject({ calls: 1, failures: 1, spentUsd: 0 })
  })

  it('adds a cost that is known only after the end of the call', async () => {
    const harbor = harborFor(await simulate())
    const reply = await harbor.chat.completions.create(HELLO, perCall({ labels: { tenant: 'acme' } }))
    await expect.poll(() => harbor.stats().labels['tenant']?.['acme']?.spentUsd).toBeGreaterThan(0)
    expect(harbor.stats().labels['tenant']?.['acme']?.spentUsd).toBe(receiptOf(reply)?.cost?.usd)
  })

  it('counts 64 labels and 1,000 values of each apart, and the rest as other', async () => {
    const fetch = (): Promise<Response> => Promise.resolve(Response.json({ object: 'list', data: [] }))
    const harbor = harborFor({ baseURL: 'http://localhost/v1' }, { fetch })
    const call = (labels: Labels): Promise<unknown> => harbor.models.list(perCall({ labels }))
    for (let n = 0; n < 1_003; n++) await call({ tenant: `t${n}` })
    await call({ tenant: 't0' })
    for (let n = 1; n < 70; n++) await call({ [`label${n}`]: 'x' })
    const { labels } = harbor.stats()
    expect(Object.keys(labels)).toHaveLength(65)
    expect(Object.keys(labels['tenant'] ?? {})).toHaveLength(1_001)
    expect(labels['tenant']?.['t0']?.calls).toBe(2)
    expect(labels['tenant']?.['other']?.calls).toBe(3)
    expect(labels['other']?.['other']?.calls).toBe(6)
  })
})

describe('cache.scopeBy', () => {
  const cache = { scopeBy: ['tenant'] }
  const question = { ...HELLO, temperature: 0 }

  it('separates cached answers by the value of the label, and only of that label', async () => {
    const harbor = harborFor(await simulate(), { cache })
    const statusFor = async (labels: Labels): Promise<string | undefined> =>
      receiptOf(await harbor.chat.completions.create(question, perCall({ labels })))?.cache?.status
    expect(await statusFor({ tenant: 'a' })).toBe('miss')
    expect(await statusFor({ tenant: 'b' })).toBe('miss')
    expect(await statusFor({ tenant: '' })).toBe('miss')
    expect(await statusFor({})).toBe('miss')
    expect(await statusFor({ tenant: 'a', feature: 'x' })).toBe('hit')
    expect(await statusFor({ feature: 'y' })).toBe('hit')
  })

  it('is not needed for labels that only describe: they share answers', async () => {
    const harbor = harborFor(await simulate(), { cache: true })
    await harbor.chat.completions.create(question, perCall({ labels: { tenant: 'a' } }))
    const shared = await harbor.chat.completions.create(question, perCall({ labels: { tenant: 'b' } }))
    expect(receiptOf(shared)?.cache?.status).toBe('hit')
  })

  it.each([undefined, 'scope'])(
    'invalidates the answers of one value, with cache.scope %s',
    async (scope) => {
      const harbor = harborFor(await simulate(), { cache: { ...cache, scope } })
      const ask = async (tenant: string): Promise<string | undefined> => {
        const options = perCall({ labels: { tenant }, tags: ['t'] })
        return receiptOf(await harbor.chat.completions.create(question, options))?.cache?.status
      }
      await ask('a')
      await ask('b')
      expect(await harbor.cache.invalidateTag('t')).toBe(0)
      expect(await harbor.cache.invalidateTag('t', { labels: { tenant: 'a' } })).toBe(1)
      expect([await ask('a'), await ask('b')]).toEqual(['miss', 'hit'])
      await harbor.withOptions({ labels: { tenant: 'b' } }).cache.clear({ labels: {} })
      expect([await ask('a'), await ask('b')]).toEqual(['hit', 'miss'])
    },
  )

  it('invalidates the answers of one value of a createHarborFetch()', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor({ cache: { ...cache, scope: 'all' } }).with({ labels: { tenant: 'a' } })
    const ask = (): Promise<Response> =>
      fetch(`${provider.baseURL}/chat/completions`, { method: 'POST', body: JSON.stringify(question) })
    await ask()
    await fetch.cache.clear({ labels: { tenant: 'b' } })
    expect((await ask()).headers.get('x-harbor-cache')).toBe('hit')
    await fetch.cache.clear({ labels: { tenant: 'a' } })
    expect((await ask()).headers.get('x-harbor-cache')).toBe('miss')
  })

  it('is what explain() prints: the parts of the scope', async () => {
    const harbor = harborFor(await simulate(), { cache, labels: { tenant: 'acme', feature: 'x' } })
    expect(harbor.explain().cacheIdentity).toMatchObject({ scope: undefined, labels: { tenant: 'acme' } })
    const call = { scope: 'all', labels: { tenant: 'other' } }
    expect(harbor.explain(undefined, call).cacheIdentity).toMatchObject(call)
  })

  it('fills the cache ahead for the label of the request', async () => {
    const harbor = harborFor(await simulate(), { cache })
    await harbor.prefetch([{ body: question, labels: { tenant: 'a' } }])
    const reply = await harbor.chat.completions.create(question, perCall({ labels: { tenant: 'a' } }))
    expect(receiptOf(reply)?.cache?.status).toBe('hit')
  })
})
