import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { collect } from './helpers/sdk-versions.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'
import { ENGLISH, answering, ask, chat, chunk, costOf, events, models } from './helpers/fixed-answers.ts'

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

  it('discards an earlier report in a stream', async () => {
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

  it('costs the whole estimate for a background response, which is not finished', async () => {
    const { harbor } = await answering({ id: 'r', object: 'response', status: 'queued', output: [] })
    const request = { model: 'm', input: 'Hi', background: true, max_output_tokens: 5_000 }
    expect((await costOf(await harbor.responses.create(request)))?.usd).toBeGreaterThanOrEqual(0.01)
  })

  it.each([
    // The answer is estimated at about 810 tokens.
    [400, 400],
    [5_000, 810],
    // This provider has ignored the limit of the request.
    [20, 810],
  ])(
    'costs no more output than the request allows, unless the provider ignored that: %s',
    async (most, tokens) => {
      const stream = { stream: true, max_completion_tokens: most } as const
      const input = 1e-6 * 10
      for (const body of [chat(ENGLISH), events([chunk({ content: ENGLISH }), chunk({}, 'stop')])]) {
        const { harbor } = await answering(body)
        const more = typeof body === 'string' ? stream : { max_completion_tokens: most }
        const reply = await harbor.chat.completions.create(ask('Hi', more) as never)
        if (typeof body === 'string') await collect(reply as never)
        const usd = (await costOf(reply))?.usd ?? 0
        expect((usd - input) / 2e-6).toBeGreaterThan(tokens * 0.95)
        expect((usd - input) / 2e-6).toBeLessThan(tokens * 1.05)
      }
    },
  )

  it('costs only the input for embeddings', async () => {
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

  it('of a stream that went on after its report is completed by an estimate', async () => {
    const usage = { prompt_tokens: 7, completion_tokens: 0 }
    const { harbor } = await answering(
      events([chunk({ role: 'assistant' }, null, { usage }), chunk({ content: ENGLISH }), chunk({}, 'stop')]),
    )
    const stream = await harbor.chat.completions.create(ask('Hi', { stream: true }) as never)
    await collect(stream as never)
    expect(await costOf(stream)).toMatchObject({ usage: 'estimated' })
    expect((await costOf(stream))?.usd).toBeGreaterThan((2e-6 * ENGLISH.length) / 5)
  })

  it('counts the part of the total that exceeds input and output as output', async () => {
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
