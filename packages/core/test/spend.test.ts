import { describe, expect, it } from 'vitest'
import { createHarborFetch, receiptOf, type HarborOptions, type Receipt } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { collect } from './helpers/sdk-versions.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const models = { m: { price: { inputPerMillion: 1, outputPerMillion: 2 } } }
const ENGLISH = 'the weather is nice today and we are going for a walk in the park '.repeat(40)
const LANGUAGES = {
  English: ENGLISH,
  Chinese: '今天天气很好我们去公园散步吧，'.repeat(100),
  Japanese: '昨日は友達と一緒に映画を見に行きました。'.repeat(100),
  Thai: 'วันนี้อากาศดีมากเราไปเดินเล่นที่สวนสาธารณะ'.repeat(60),
  Russian: 'сегодня хорошая погода и мы идём гулять в парк '.repeat(60),
  Amharic: 'ዛሬ አየሩ ጥሩ ነው ወደ ፓርክ እንሄዳለን '.repeat(80),
  JSON: '{"a":[1,2,{"b":null}],"c":"d"}'.repeat(80),
  hex: 'd41d8cd98f00b204e9800998ecf8427e'.repeat(60),
}

function chat(content: string, more: object = {}) {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
  return { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices, ...more }
}

function ask(content = 'Hi', more: object = {}) {
  return { model: 'm', messages: [{ role: 'user' as const, content }], ...more }
}

function events(list: readonly object[], done = 'data: [DONE]\n\n'): string {
  return list.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('') + done
}

function chunk(delta: object, finish_reason: string | null = null, more: object = {}): object {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  }
}

/** A server whose every answer is this one, and a client of it. */
async function answering(body: object | string, options: HarborOptions = {}) {
  const upstream = await serve((_, response) => {
    if (typeof body === 'string') response.writeHead(200, { 'content-type': 'text/event-stream' }).end(body)
    else sendJson(response, body)
  })
  return { ...upstream, harbor: harborFor(upstream, { models, maxRetries: 0, ...options }) }
}

/** The cost in a receipt, which may come a moment after the end. */
async function costOf(holder: unknown): Promise<Receipt['cost']> {
  await expect.poll(() => receiptOf(holder)?.cost).toBeDefined()
  return receiptOf(holder)?.cost
}

describe('usage that makes no sense', () => {
  const usages = [
    '{"prompt_tokens":1e999,"completion_tokens":1}',
    '{"prompt_tokens":5,"completion_tokens":1e999}',
    '{"prompt_tokens":1e999,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":1e999}}',
    '{"prompt_tokens":-5,"completion_tokens":-7}',
    '{"prompt_tokens":9007199254740993,"completion_tokens":1}',
    '{"prompt_tokens":1e300,"completion_tokens":1,"total_tokens":1e300}',
    '{"input_tokens":"many","output_tokens":null}',
    '"a lot"',
    '[1,2]',
    '{"cost":1e999,"prompt_tokens":1e999,"completion_tokens":1}',
    '{"cost":-1}',
  ]

  it.each(usages)('neither opens nor exhausts a limit, and never reaches a caller: %s', async (usage) => {
    let calls = 0
    const upstream = await serve((_, response) => {
      const honest = '{"prompt_tokens":1000000,"completion_tokens":0}'
      const text = JSON.stringify(chat('x')).replace(/\}$/, `,"usage":${calls++ === 0 ? usage : honest}}`)
      response.writeHead(200, { 'content-type': 'application/json' }).end(text)
    })
    const harbor = harborFor(upstream, { models, spendLimit: { usd: 3, per: 'total' } })
    const { data, response } = await harbor.chat.completions.create(ask()).withResponse()
    expect(receiptOf(data)?.cost).toMatchObject({ usage: 'estimated' })
    expect(Number(response.headers.get('x-harbor-cost-usd'))).toBeGreaterThan(0)
    expect(Number(response.headers.get('x-harbor-cost-usd'))).toBeLessThan(0.001)
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(ask())
    expect(await failureOf(harbor.chat.completions.create(ask()))).toMatchObject({ code: 'spend_limit' })
    expect(harbor.stats().cost.spentUsd).toBeCloseTo(3, 3)
  })

  it('leaves none of an earlier report in a stream', async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 1 }
    const body = events([
      chunk({ content: ENGLISH }, null, { usage }),
      chunk({}, 'stop'),
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: -3 } },
    ])
    const { harbor } = await answering(body)
    const stream = await harbor.chat.completions.create(ask('Hi', { stream: true }) as never)
    await collect(stream as never)
    expect(await costOf(stream)).toMatchObject({ usage: 'estimated' })
    expect(receiptOf(stream)?.usage).toBeUndefined()
  })
})

describe('an answer without usage', () => {
  it.each(Object.entries(LANGUAGES))('is estimated from its text: %s', async (_, text) => {
    const json = await answering(chat(text))
    const reply = await json.harbor.chat.completions.create(ask())
    const whole = (await costOf(reply))?.usd ?? 0
    const pieces = text.match(/[^]{1,7}/gu) ?? []
    const streamed = await answering(
      events([...pieces.map((content) => chunk({ content })), chunk({}, 'stop')]),
    )
    const stream = await streamed.harbor.chat.completions.create(ask('Hi', { stream: true }) as never)
    await collect(stream as never)
    const inPieces = (await costOf(stream))?.usd ?? 0
    expect(inPieces).toBeGreaterThanOrEqual(whole * 0.99)
    expect(inPieces).toBeLessThan(whole * 1.01)
    const request = { model: 'm', input: 'Hi' }
    const output = [{ type: 'message', content: [{ type: 'output_text', text }] }]
    const responses = await answering({ id: 'r', object: 'response', status: 'completed', output })
    const usd = (await costOf(await responses.harbor.responses.create(request)))?.usd ?? 0
    expect(usd).toBeGreaterThan(whole * 0.9)
    expect(usd).toBeLessThan(whole * 1.1)
  })

  it.each([
    ['zeros', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    ['null', null],
    ['an empty object', {}],
  ])('is estimated when the provider reports %s', async (_, usage) => {
    const { harbor } = await answering(chat(ENGLISH, { usage }))
    expect(await costOf(await harbor.chat.completions.create(ask()))).toMatchObject({ usage: 'estimated' })
  })

  it.each([
    ['tool calls', { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: ENGLISH } }] }],
    ['reasoning', { reasoning_content: ENGLISH }],
    ['a refusal', { refusal: ENGLISH }],
  ])('counts %s of a stream', async (_, delta) => {
    const { harbor } = await answering(events([chunk(delta), chunk({}, 'stop')]))
    const stream = await harbor.chat.completions.create(ask('Hi', { stream: true }) as never)
    await collect(stream as never)
    expect((await costOf(stream))?.usd).toBeGreaterThan((2e-6 * ENGLISH.length) / 5)
  })

  it('counts the items of a Responses stream, in pieces or whole', async () => {
    const output = [{ type: 'message', content: [{ type: 'output_text', text: ENGLISH }] }]
    const end = { type: 'response.completed', response: { id: 'r', status: 'completed', output } }
    const pieces = [
      { type: 'response.output_text.delta', delta: ENGLISH },
      { ...end, response: { status: 'completed', output: [] } },
    ]
    const whole = [{ type: 'response.output_text.delta', delta: 'the' }, end]
    for (const list of [pieces, whole]) {
      const { harbor } = await answering(events(list, ''))
      const stream = await harbor.responses.create({ model: 'm', input: 'Hi', stream: true })
      await collect(stream)
      const usd = (await costOf(stream))?.usd ?? 0
      expect(usd).toBeGreaterThan((2e-6 * ENGLISH.length) / 5)
      expect(usd).toBeLessThan((2e-6 * ENGLISH.length) / 2)
    }
  })

  it('pays for the whole of a background response, which is not finished', async () => {
    const { harbor } = await answering({ id: 'r', object: 'response', status: 'queued', output: [] })
    const request = { model: 'm', input: 'Hi', background: true, max_output_tokens: 5_000 }
    expect((await costOf(await harbor.responses.create(request)))?.usd).toBeGreaterThanOrEqual(0.01)
  })

  it('has the input alone to pay for embeddings', async () => {
    const data = [{ object: 'embedding', index: 0, embedding: [0.5] }]
    const { harbor } = await answering({ object: 'list', data, model: 'm' })
    const reply = await harbor.embeddings.create({ model: 'm', input: ENGLISH, encoding_format: 'float' })
    const usd = (await costOf(reply))?.usd ?? 0
    expect(usd).toBeGreaterThan((1e-6 * ENGLISH.length) / 5)
    expect(usd).toBeLessThan((1e-6 * ENGLISH.length) / 2)
  })
})

describe('honest usage', () => {
  it('is priced exactly, whatever the text looks like', async () => {
    const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
    const { harbor } = await answering(chat('港'.repeat(5_000), { usage }))
    const reply = await harbor.chat.completions.create(ask('港'.repeat(5_000)))
    expect(receiptOf(reply)?.cost).toEqual({ usd: 13e-6, usage: 'reported', price: 'own' })
    expect(harbor.stats().cost.spentUsd).toBe(13e-6)
  })

  it('of a stream is exact when it comes with the last content or after it', async () => {
    const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
    for (const list of [
      [chunk({ content: 'Hello' }), chunk({}, 'stop'), { choices: [], usage }],
      [chunk({ content: 'Hello' }), chunk({ content: '.' }, 'stop', { usage })],
    ]) {
      const { harbor } = await answering(events(list))
      const stream = await harbor.chat.completions.create(ask('Hi', { stream: true }) as never)
      await collect(stream as never)
      expect(await costOf(stream)).toEqual({ usd: 13e-6, usage: 'reported', price: 'own' })
    }
  })

  it('of a stream that went on after its report is made up for', async () => {
    const usage = { prompt_tokens: 7, completion_tokens: 0 }
    const { harbor } = await answering(
      events([chunk({ role: 'assistant' }, null, { usage }), chunk({ content: ENGLISH }), chunk({}, 'stop')]),
    )
    const stream = await harbor.chat.completions.create(ask('Hi', { stream: true }) as never)
    await collect(stream as never)
    expect(await costOf(stream)).toMatchObject({ usage: 'estimated' })
    expect((await costOf(stream))?.usd).toBeGreaterThan((2e-6 * ENGLISH.length) / 5)
  })

  it('counts what the total has more than input and output as output', async () => {
    const usage = { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 }
    const { harbor } = await answering(chat('hi', { usage }))
    const reply = await harbor.chat.completions.create(ask())
    expect(receiptOf(reply)?.cost?.usd).toBeCloseTo((20 + 2 * 603) / 1e6, 12)
  })

  it('of embeddings has no completion', async () => {
    const data = [{ object: 'embedding', index: 0, embedding: [0.5] }]
    for (const usage of [{ prompt_tokens: 8, total_tokens: 8 }, { total_tokens: 8 }]) {
      const { harbor } = await answering({ object: 'list', data, model: 'm', usage })
      const reply = await harbor.embeddings.create({ model: 'm', input: 'x', encoding_format: 'float' })
      expect(receiptOf(reply)?.cost).toMatchObject({ usd: 8e-6, usage: 'reported' })
    }
  })
})

describe('a limit', () => {
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

  it.each([
    ['POST', '/v1/messages', { model: 'claude-opus-4-5', max_tokens: 9, messages: [] }],
    ['POST', '/v1/images/generations', { model: 'gpt-image-1', prompt: 'x' }],
    ['POST', '/v1/audio/speech', { model: 'tts-1', input: 'x', voice: 'a' }],
    ['POST', '/v1/videos', { model: 'sora-2', prompt: 'x' }],
    ['POST', '/v1/rerank', { query: 'x', documents: ['y'] }],
    ['POST', '/v1/batches', { input_file_id: 'f' }],
    ['POST', '/v1/fine_tuning/jobs', { model: 'm' }],
    ['POST', '/v1/models/gemini-2.5-pro:generateContent', { contents: [] }],
    ['POST', '/v1/something/new?x=/cancel', {}],
    ['PUT', '/v1/something', {}],
  ])(
    'refuses what may be billed and has no price, or counts it when that is allowed: %s %s',
    async (method, path, body) => {
      const upstream = await serve((_, response) => sendJson(response, {}))
      const url = new URL(path, upstream.baseURL).href
      const send = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const fetch = harborFetchFor({ spendLimit: { usd: 1, per: 'total' } })
      const refused = await fetch(url, send)
      expect(refused.status).toBe(402)
      expect(await refused.json()).toMatchObject({ error: { code: 'spend_limit' } })
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
    const upstream = await serve((_, response) => sendJson(response, {}))
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

  it('is asked by each of two hedged attempts', async () => {
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

  it('keeps the money of an answer that was billed and made no sense', async () => {
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

  it('of the tier that was asked for does not count, when the answer names another', async () => {
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
