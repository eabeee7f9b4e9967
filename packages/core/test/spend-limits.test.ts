import { describe, expect, it } from 'vitest'
import { createHarborFetch, receiptOf } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { collect } from './helpers/sdk-versions.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'
import { ENGLISH, answering, ask, chat, chunk, costOf, events, models } from './helpers/fixed-answers.ts'

/** The code of an error where it is in the forms of these vendors. In OpenAI's form, it is the error's own `code`. */
const ANTHROPIC = { details: { error_code: 'spend_limit' } }
const GOOGLE = { code: 402, details: [{ reason: 'spend_limit' }] }

describe('a spend limit', () => {
  const usage = (prompt_tokens: number) => ({
    prompt_tokens,
    completion_tokens: 1,
    total_tokens: prompt_tokens + 1,
  })

  it.each([
    ['Chinese', '港'.repeat(20_000), 20_000],
    ['English without spaces', 'letters'.repeat(3_000), 4_000],
    ['base64', Buffer.from(ENGLISH.repeat(4)).toString('base64'), 10_000],
  ])('holds when 1,000 calls are made at once with prompts in %s', async (_, text, tokens) => {
    const { harbor, requests } = await answering(chat('x', { usage: usage(tokens) }), {
      spendLimit: { usd: 0.1, per: 'day' },
    })
    const copy = harbor.withOptions({ timeout: 60_000 })
    const calls = Array.from({ length: 1_000 }, (_each, at) =>
      (at % 2 ? harbor : copy).chat.completions.create(ask(text, { max_tokens: 1 })).then(
        () => 'answered',
        (error: unknown) => (error as { code?: string }).code,
      ),
    )
    const outcomes = new Set(await Promise.all(calls))
    expect(outcomes).toEqual(new Set(['answered', 'spend_limit']))
    expect(harbor.stats().cost.spentUsd).toBeLessThanOrEqual(0.1)
    expect(requests.length).toBeGreaterThan(0)
  })

  it.each<[string, string, object, object?]>([
    ['POST', '/v1/messages/batches', { requests: [] }, ANTHROPIC],
    ['POST', '/v1/images/generations', { model: 'gpt-image-1', prompt: 'x' }],
    ['POST', '/v1/audio/speech', { model: 'tts-1', input: 'x', voice: 'a' }],
    ['POST', '/v1/videos', { model: 'sora-2', prompt: 'x' }],
    ['POST', '/v1/rerank', { query: 'x', documents: ['y'] }],
    ['POST', '/v1/batches', { input_file_id: 'f' }],
    ['POST', '/v1/fine_tuning/jobs', { model: 'm' }],
    ['POST', '/v1/models/gemini-2.5-pro:batchGenerateContent', { batch: {} }, GOOGLE],
    ['POST', '/v1/something/new?x=/cancel', {}],
    ['PUT', '/v1/something', {}],
  ])(
    'refuses requests that may be billed and have no price, or counts them when that is allowed: %s %s',
    async (method, path, body, error = { code: 'spend_limit' }) => {
      const upstream = await serve((_, response) => sendJson(response, {}))
      const url = new URL(path, upstream.baseURL).href
      const send = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const fetch = harborFetchFor({ spendLimit: { usd: 1, per: 'total' } })
      const refused = await fetch(url, send)
      expect(refused.status).toBe(402)
      expect(await refused.json()).toMatchObject({ error })
      expect(upstream.requests).toHaveLength(0)
      const lenient = harborFetchFor({ spendLimit: { usd: 1, per: 'total', unpriced: 'allow' } })
      await (await lenient(url, send)).text()
      expect(lenient.stats().cost.unpricedCalls).toBe(1)
      const unlimited = harborFetchFor()
      await (await unlimited(url, send)).text()
      expect(unlimited.stats().cost.unpricedCalls).toBe(1)
    },
  )

  it.each([
    ['GET', '/v1/models'],
    ['GET', '/v1/responses/r1'],
    ['HEAD', '/v1/anything'],
    ['DELETE', '/v1/files/f1'],
    ['POST', '/v1/responses/r1/cancel'],
    ['POST', '/v1/batches/b1/cancel'],
    ['POST', '/v1/fine_tuning/jobs/j1/cancel?x=1'],
    ['POST', '/v1/threads/t1/runs/r1/cancel/'],
    ['POST', '/v1/messages/count_tokens'],
    ['POST', '/v1/responses/input_tokens'],
    ['POST', '/v1beta/models/gemini-2.5-pro:countTokens'],
    ['POST', '/v1beta/batches/b1:cancel'],
    ['POST', '/v1/moderations'],
    ['POST', '/v1/files'],
    ['POST', '/v1/uploads/u1/parts'],
  ])('lets through what only reads, counts or cancels, also without money: %s %s', async (method, path) => {
    const upstream = await serve((_, response) => sendJson(response, { input_tokens: 1 }))
    const fetch = harborFetchFor({ spendLimit: { usd: 1e-9, per: 'total' } })
    const body = method === 'POST' ? '{"input":"x"}' : null
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(new URL(path, upstream.baseURL), { method, headers, body })).status).toBe(200)
    expect(fetch.stats().cost.unpricedCalls).toBe(0)
  })

  it('sees a chat whose body it cannot read', async () => {
    const upstream = await serve((_, response) => sendJson(response, chat('x')))
    const fetch = createHarborFetch({ models, spendLimit: { usd: 1, per: 'total' }, logLevel: 'off' })
    const body = Buffer.from(JSON.stringify(ask()))
    const response = await fetch(`${upstream.baseURL}/chat/completions`, { method: 'POST', body })
    expect(response.status).toBe(402)
    await fetch.close()
  })

  it('is checked for each of two hedged attempts', async () => {
    let calls = 0
    const upstream = await serve((_, response) => {
      if (calls++ > 0) sendJson(response, chat('x', { usage: usage(9) }))
    })
    const harbor = harborFor(upstream, {
      models: { m: models.m, 'other/m': models.m },
      providers: { other: { apiKey: 'k', baseURL: upstream.baseURL } },
      fallback: ['other/m'],
      hedge: { afterMs: 20, maxExtraRatio: 1 },
      spendLimit: { usd: 1, per: 'total' },
    })
    await harbor.chat.completions.create(ask('Hi', { max_tokens: 100_000 }))
    expect(upstream.requests).toHaveLength(2)
    // The attempt that lost may have been billed: of one dollar $0.20 are kept for it.
    const over = failureOf(harbor.chat.completions.create(ask('Hi', { max_tokens: 410_000 })))
    expect(await over).toMatchObject({ code: 'spend_limit' })
    await harbor.chat.completions.create(ask('Hi', { max_tokens: 390_000 }))
  })

  it('does not refund an answer that was billed and made no sense', async () => {
    const upstream = await serve((_, response) => sendJson(response, 'no object'))
    const harbor = harborFor(upstream, { models, maxRetries: 0, spendLimit: { usd: 0.3, per: 'total' } })
    await failureOf(harbor.chat.completions.create(ask('Hi', { max_tokens: 100_000 })))
    const second = await failureOf(harbor.chat.completions.create(ask('Hi', { max_tokens: 100_000 })))
    expect(second).toMatchObject({ code: 'spend_limit' })
  })
})

describe('the price', () => {
  const usage = { prompt_tokens: 1_000, completion_tokens: 1_000, total_tokens: 2_000 }
  const request = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'Hi' }] }

  it.each([
    [undefined, 0.00225],
    ['default', 0.00225],
    ['flex', 0.001125],
    ['batch', 0.001125],
    ['priority', 0.00405],
    ['PRIORITY', 0.00405],
    ['scale', 0.00225],
    ['a\nnew line', 0.00225],
  ])('is that of the service tier in the answer: %s', async (service_tier, usd) => {
    const body = { usage, ...(service_tier !== undefined && { service_tier }) }
    const json = await answering(chat('hi', body), { models: {} })
    const reply = await json.harbor.chat.completions.create({ ...request, service_tier: 'auto' })
    expect((await costOf(reply))?.usd).toBeCloseTo(usd, 12)
    const streamed = await answering(events([chunk({ content: 'hi' }, 'stop', body)]), { models: {} })
    const stream = await streamed.harbor.chat.completions.create({ ...request, stream: true })
    await collect(stream)
    expect((await costOf(stream))?.usd).toBeCloseTo(usd, 12)
    const response = {
      id: 'r',
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: 'hi' }] }],
      ...body,
    }
    const responses = await answering(response, { models: {} })
    const answer = await responses.harbor.responses.create({ model: 'gpt-5-mini', input: 'Hi' })
    expect((await costOf(answer))?.usd).toBeCloseTo(usd, 12)
  })

  it('of the requested tier does not count when the answer names another', async () => {
    const { harbor } = await answering(chat('hi', { usage, service_tier: 'default' }), { models: {} })
    const reply = await harbor.chat.completions.create({ ...request, service_tier: 'flex' })
    expect((await costOf(reply))?.usd).toBeCloseTo(0.00225, 12)
    expect(receiptOf(reply)?.serviceTier).toBe('default')
  })

  it.each([
    ['flex', 0.5, 0.0015],
    ['priority', { outputPerMillion: 4 }, 0.005],
    ['turbo', 3, 0.009],
  ])('of a tier is your own if you give it: %s', async (name, tier, usd) => {
    const price = { ...models.m.price, tiers: { [name]: tier } }
    const { harbor } = await answering(chat('hi', { usage, service_tier: name }), {
      models: { m: { price } },
    })
    expect((await costOf(await harbor.chat.completions.create(ask())))?.usd).toBeCloseTo(usd, 12)
  })

  it('of a tier without a price of its own is never lower than yours at a provider that Harbor does not know', async () => {
    const { harbor } = await answering(chat('hi', { usage, service_tier: 'flex' }))
    expect((await costOf(await harbor.chat.completions.create(ask())))?.usd).toBeCloseTo(0.003, 12)
  })

  it('refuses tiers that make no sense', async () => {
    const bad = [{ flex: -1 }, { flex: '1' }, { flex: { inputPerMillion: -1 } }, { flex: { typo: 1 } }]
    for (const tiers of bad) {
      const price = { ...models.m.price, tiers } as never
      expect(() => harborFor({ baseURL: 'http://127.0.0.1:1/v1' }, { models: { m: { price } } })).toThrow(
        /tiers/,
      )
    }
  })

  it('behind a gateway is found by the name of the entry, and the receipt says so', async () => {
    const body = chat('hi', { usage })
    const { harbor, baseURL } = await answering(body, { models: {}, spendLimit: { usd: 1, per: 'day' } })
    expect(await costOf(await harbor.chat.completions.create(request))).toEqual({
      usd: 0.00225,
      usage: 'reported',
      price: 'list',
      listedBy: 'entry-name',
    })
    const named = harborFor(
      { baseURL },
      { apiKey: undefined as never, providers: { openai: { apiKey: 'k', baseURL } } },
    )
    expect(await costOf(await named.chat.completions.create(request))).toMatchObject({
      listedBy: 'entry-name',
    })
    const official = harborFor(
      { baseURL: 'https://api.openai.com/v1' },
      { fetch: () => Promise.resolve(Response.json(body)) },
    )
    expect(await costOf(await official.chat.completions.create(request))).toMatchObject({
      listedBy: 'address',
    })
  })

  it.each([
    [{ cost: 0.0123 }, 0.0123, 'provider'],
    [{ cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } }, 0.021, 'provider'],
    [{ cost: Infinity }, 0.00225, 'list'],
    [{ cost: 1e9 }, 0.00225, 'list'],
    [{ cost: -1 }, 0.00225, 'list'],
    [{ cost: '1' }, 0.00225, 'list'],
    [{ cost: 0 }, 0.00225, 'list'],
  ])('is what a router reports, within bounds: %j', async (reported, usd, price) => {
    const text = JSON.stringify(chat('hi', { usage: { ...usage, ...reported } })).replace(
      '"cost":null',
      '"cost":1e999',
    )
    const upstream = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(text),
    )
    const harbor = harborFor(upstream)
    const cost = await costOf(await harbor.chat.completions.create(request))
    expect(cost).toMatchObject({ price })
    expect(cost?.usd).toBeCloseTo(usd, 12)
  })
})
