import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type HarborFetchOptions, type HarborOptions } from '../../src/index.ts'
import { status } from '../helpers/expect-failure.ts'
import { harborFetchFor, harborFor, simulate } from '../helpers/harbor-for.ts'

const messages = [{ role: 'user' as const, content: 'What is a harbour?' }]
const price = { inputPerMillion: 1, outputPerMillion: 10, tiers: { flex: 0.5 } }
const FLEX = { 'gpt-5': { price }, 'gpt-5@flex': { model: 'gpt-5', params: { service_tier: 'flex' } } }
const withFlex: HarborFetchOptions = {
  models: {
    ...FLEX,
    'claude@flex': { model: 'claude-sonnet-4-6', params: { service_tier: 'flex' } },
    'gemini-2.5-pro@flex': { model: 'gemini-2.5-pro', params: { service_tier: 'flex' } },
  },
}

async function flexProvider(script = {}) {
  return simulate({ providers: { openai: { tiers: { flex: {} }, ...script } } })
}

describe('a variant of a model', () => {
  it('is sent as its model with its parameters, in chat and in Responses of the Harbor client', async () => {
    const provider = await flexProvider()
    const harbor = harborFor(provider, { models: FLEX })
    const chat = await harbor.chat.completions.create({ model: 'gpt-5@flex', messages })
    const response = await harbor.responses.create({ model: 'gpt-5@flex', input: 'Hi.' })
    const sent = provider.requests().map(({ body }) => body)
    expect(sent).toMatchObject([
      { model: 'gpt-5', service_tier: 'flex' },
      { model: 'gpt-5', service_tier: 'flex' },
    ])
    expect([chat.model, response.model]).toEqual(['gpt-5', 'gpt-5'])
    const receipt = receiptOf(chat)
    expect(receipt).toMatchObject({ model: 'gpt-5@flex', target: 'openai/gpt-5@flex', serviceTier: 'flex' })
    expect(receipt?.attempts[0]?.adaptations).toEqual([])
  })

  it('is sent so through createHarborFetch, by the SDKs of OpenAI, Anthropic and Google', async () => {
    const provider = await flexProvider()
    const fetch = harborFetchFor(withFlex)
    const openai = new OpenAI({ apiKey: 'k', baseURL: provider.baseURL, fetch, maxRetries: 0 })
    const anthropic = new Anthropic({ apiKey: 'k', baseURL: provider.url, fetch, maxRetries: 0 })
    const google = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: provider.url, fetch } })
    await openai.chat.completions.create({ model: 'gpt-5@flex', messages })
    const message = await anthropic.messages.create({ model: 'claude@flex', max_tokens: 64, messages })
    const generated = await google.models.generateContent({ model: 'gemini-2.5-pro@flex', contents: 'Hi.' })
    const stream = await google.models.generateContentStream({
      model: 'gemini-2.5-pro@flex',
      contents: 'Hi.',
    })
    for await (const _ of stream);
    expect(provider.requests().map(({ model, path, body }) => ({ model, path, body }))).toMatchObject([
      { body: { model: 'gpt-5', service_tier: 'flex' } },
      { body: { model: 'claude-sonnet-4-6', service_tier: 'flex' } },
      { model: 'gemini-2.5-pro', body: { serviceTier: 'flex' } },
      { model: 'gemini-2.5-pro', body: { serviceTier: 'flex' } },
    ])
    for (const { body } of provider.requests().slice(2)) expect(body).not.toHaveProperty('service_tier')
    expect(message.usage.service_tier).toBe('flex')
    expect(generated.usageMetadata?.trafficType).toBe('ON_DEMAND_FLEX')
    expect(Object.keys(fetch.stats().targets).sort()).toEqual([
      'anthropic/claude@flex',
      'google/gemini-2.5-pro@flex',
      'openai/gpt-5@flex',
    ])
  })

  it('replaces fields of the request, which is reported, and merges objects', async () => {
    const provider = await flexProvider()
    const params = { service_tier: 'flex', reasoning: { effort: 'low' } }
    const harbor = harborFor(provider, { models: { cheap: { model: 'gpt-5', params } } })
    const answer = await harbor.responses.create({
      ...{ model: 'cheap', input: 'Hi.', service_tier: 'priority' },
      reasoning: { effort: 'high', summary: 'auto' },
    })
    expect(provider.requests()[0]?.body).toMatchObject({
      model: 'gpt-5',
      service_tier: 'flex',
      reasoning: { effort: 'low', summary: 'auto' },
    })
    expect(receiptOf(answer)?.attempts[0]?.adaptations).toEqual(['replaced service_tier'])
  })

  it('costs what the tier in the answer costs, whatever tier it asked for', async () => {
    const provider = await flexProvider({ servedTier: 'default' })
    const harbor = harborFor(provider, { models: FLEX })
    const costOf = async () => {
      const receipt = receiptOf(await harbor.chat.completions.create({ model: 'gpt-5@flex', messages }))
      return { tier: receipt?.serviceTier, usd: receipt?.cost?.usd ?? NaN }
    }
    const standard = await costOf()
    provider.script({ servedTier: 'flex' })
    const flex = await costOf()
    expect([standard.tier, flex.tier]).toEqual(['default', 'flex'])
    expect(flex.usd).toBeCloseTo(standard.usd / 2, 9)
  })

  it('reserves what its own parameters may cost', async () => {
    const provider = await flexProvider()
    const long = { model: 'gpt-5', params: { max_completion_tokens: 2_000 } }
    const spendLimit = { usd: 0.01, per: 'total' } as const
    const harbor = harborFor(provider, { models: { ...FLEX, long }, spendLimit })
    const ask = (model: string) =>
      harbor.chat.completions.create({ model, messages, max_completion_tokens: 100 })
    // 2,000 tokens may cost $0.02.
    await expect(ask('long')).rejects.toMatchObject({ status: 402, code: 'spend_limit' })
    expect(receiptOf(await ask('gpt-5'))?.outcome).toBe('success')
  })

  it('takes over, and its parameters are not sent to the next target', async () => {
    const provider = await flexProvider({
      rules: [
        { when: { model: 'gpt-4' }, fault: status(500) },
        { when: { tier: 'flex' }, fault: status(500) },
      ],
    })
    const harbor = harborFor(provider, { models: FLEX, fallback: { 'gpt-4': ['gpt-5@flex', 'gpt-5'] } })
    const answer = await harbor.chat.completions.create({ model: 'gpt-4', messages }, { maxRetries: 0 })
    expect(receiptOf(answer)?.attempts.map(({ target }) => target)).toEqual([
      'openai/gpt-4',
      'openai/gpt-5@flex',
      'openai/gpt-5',
    ])
    expect(provider.requests().at(-1)?.body).not.toHaveProperty('service_tier')
  })

  it.each([
    ['openai', '/v1/chat/completions', { model: 'gpt-5@flex', messages }, 'openai/gpt-5'],
    ['anthropic', '/v1/messages', { model: 'claude@flex', max_tokens: 9, messages }, 'anthropic/claude'],
    [
      'google',
      '/v1beta/models/gemini-2.5-pro@flex:generateContent',
      { contents: [{ role: 'user', parts: [{ text: 'Hi.' }] }] },
      'google/gemini-2.5-pro',
    ],
  ])('that its tier refuses rests alone, at %s', async (_vendor, path, body, name) => {
    const provider = await flexProvider({ tiers: { flex: { refusedShare: 1 } } })
    const standard = name === 'anthropic/claude' ? 'claude-sonnet-4-6' : name.slice(name.indexOf('/') + 1)
    const fetch = harborFetchFor({
      ...withFlex,
      limits: {},
      fallback: { 'gpt-5@flex': ['gpt-5'], 'claude@flex': [standard], 'gemini-2.5-pro@flex': [standard] },
    })
    const headers = { 'anthropic-version': '2023-06-01', authorization: 'Bearer k', 'x-goog-api-key': 'k' }
    const send = (json: object, to = path) =>
      fetch(provider.url + to, { method: 'POST', headers, body: JSON.stringify(json) })
    const first = await send(body)
    expect(first.status).toBe(200)
    const refusals = provider.requests().length - 1
    expect(receiptOf(first)?.attempts.at(-1)?.target).toBe(name.replace('claude', 'claude-sonnet-4-6'))
    const second = await send(body)
    expect(receiptOf(second)?.skipped).toMatchObject([{ reason: 'its service tier has no capacity' }])
    expect(provider.requests()).toHaveLength(refusals + 2)
    // The standard tier is not affected.
    const plain = await send('model' in body ? { ...body, model: standard } : body, path.replace('@flex', ''))
    expect(receiptOf(plain)).toMatchObject({ skipped: [], attempts: [{ reason: 'first' }] })
    expect(fetch.stats().limits[name.replace('claude', 'claude-sonnet-4-6')]).toBeDefined()
  })

  it('does not rest the standard tier when a request that names the tier itself is refused', async () => {
    const rule = { when: { model: 'gpt-5', tier: 'flex' }, fault: { type: 'tier-unavailable' } }
    const provider = await flexProvider({ rules: [rule] })
    const harbor = harborFor(provider, { fallback: { 'gpt-5': ['gpt-4'] }, maxRetries: 0 })
    const refused = { model: 'gpt-5', messages, service_tier: 'flex' as const }
    expect(receiptOf(await harbor.chat.completions.create(refused))?.target).toBe('openai/gpt-4')
    const plain = await harbor.chat.completions.create({ model: 'gpt-5', messages })
    expect(receiptOf(plain)?.target).toBe('openai/gpt-5')
    expect(harbor.explain({ ...refused }).targets[0]?.leftOut).toBe('its service tier has no capacity')
  })

  it('has the facts of its model, and its own timeouts', async () => {
    const provider = await flexProvider({ tiers: { flex: { latency: 60_000 } } })
    const models = {
      ...FLEX,
      'gpt-5@flex': { ...FLEX['gpt-5@flex'], timeouts: { attemptMs: 50 } },
    }
    const harbor = harborFor(provider, { models, maxRetries: 0, fallback: { 'gpt-5@flex': ['gpt-5'] } })
    const answer = await harbor.chat.completions.create({ model: 'gpt-5@flex', messages })
    expect(receiptOf(answer)).toMatchObject({
      target: 'openai/gpt-5',
      attempts: [{ failure: { kind: 'timeout', clock: 'attempt' } }, {}],
    })
  })

  it('shares cached answers with the same request under another name, and not with other parameters', async () => {
    const provider = await flexProvider()
    const models = { ...FLEX, other: { model: 'gpt-5', params: { service_tier: 'flex' } } }
    const harbor = harborFor(provider, { models, cache: { when: 'always' } })
    const statusOf = async (model: string, more = {}) =>
      receiptOf(await harbor.chat.completions.create({ model, messages, ...more }))?.cache?.status
    expect(await statusOf('gpt-5@flex')).toBe('miss')
    expect(await statusOf('other')).toBe('hit')
    expect(await statusOf('gpt-5', { service_tier: 'flex' })).toBe('hit')
    expect(await statusOf('gpt-5')).toBe('miss')
    harbor.configure({ models: { 'gpt-5@flex': { model: 'gpt-5', params: { service_tier: 'auto' } } } })
    expect(await statusOf('gpt-5@flex')).toBe('miss')
  })

  it.each<[string, HarborOptions['models'], string]>([
    ['params without a model', { a: { params: {} } }, "models['a'].params"],
    ['itself', { a: { model: 'a' } }, "models['a'].model"],
    ['another variant', { a: { model: 'b' }, b: { model: 'c' } }, "models['a'].model"],
    [
      'the content of the call',
      { a: { model: 'b', params: { messages: [] } } },
      "models['a'].params.messages",
    ],
    ['the stream flag', { a: { model: 'b', params: { stream: true } } }, "models['a'].params.stream"],
    ['no JSON', { a: { model: 'b', params: { n: 1n } } }, "models['a'].params"],
    ['an unknown timeout', { a: { timeouts: { attempt: 1 } as never } }, "models['a'].timeouts.attempt"],
  ])('is refused with %s', (_what, models, option) => {
    const provider = { baseURL: 'http://127.0.0.1:9/v1' }
    expect(() => harborFor(provider, { models })).toThrow(
      expect.objectContaining({ name: 'OptionError', option }),
    )
  })
})

describe('a call that prefers the cheapest tier', () => {
  it('shares no answer with a call that cannot wait, nor with one of another deadline', async () => {
    const provider = await flexProvider({ tiers: { flex: { latency: 300 } } })
    const harbor = harborFor(provider, { models: FLEX, cache: { when: 'always' } })
    const ask = async (deadlineMs?: number) => {
      const options = deadlineMs === undefined ? {} : perCall({ prefer: 'cheapest', deadlineMs })
      const receipt = receiptOf(await harbor.chat.completions.create({ model: 'gpt-5', messages }, options))
      return [receipt?.target, receipt?.cache?.status]
    }
    const waiting = ask(1_800_000)
    expect(await ask()).toEqual(['openai/gpt-5', 'miss'])
    expect(await waiting).toEqual(['openai/gpt-5@flex', 'miss'])
    expect((await ask(1_800_000))[1]).toBe('hit')
    expect(await ask(1_200_000)).toEqual(['openai/gpt-5@flex', 'miss'])
    expect(provider.requests()).toHaveLength(3)
  })

  it('walks the tiers through createHarborFetch, at Anthropic and Google', async () => {
    const provider = await flexProvider({ tiers: { flex: { refusedShare: 1, retryAfter: '1' } } })
    const tiers = { tiers: { flex: 0.5 } }
    const own = { inputPerMillion: 1, outputPerMillion: 10, ...tiers }
    const models = {
      ...withFlex.models,
      'claude-sonnet-4-6': { price: own },
      'gemini-2.5-pro': { price: own },
    }
    const fetch = harborFetchFor({ models }).with({ prefer: 'cheapest', deadlineMs: 600_000 })
    const anthropic = new Anthropic({ apiKey: 'k', baseURL: provider.url, fetch, maxRetries: 0 })
    const google = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: provider.url, fetch } })
    const message = anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 64, messages })
    const generated = google.models.generateContent({ model: 'gemini-2.5-pro', contents: 'Hi.' })
    await expect.poll(() => provider.requests().length).toBe(2)
    provider.script({ tiers: { flex: {} } })
    expect((await message).usage.service_tier).toBe('flex')
    expect((await generated).usageMetadata?.trafficType).toBe('ON_DEMAND_FLEX')
    expect(provider.requests()).toHaveLength(4)
  })
})
