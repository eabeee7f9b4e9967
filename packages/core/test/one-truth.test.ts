import { describe, expect, it, vi } from 'vitest'
import { Harbor, receiptOf, type HarborFetchOptions, type HarborOptions } from '../src/index.ts'
import { costLayer } from '../src/layers/cost.ts'
import type { Accounts } from '../src/cost/accounts.ts'
import { SpendLedger } from '../src/cost/spend-limit.ts'
import type { Answer, Exchange } from '../src/call/exchange.ts'
import { operationOfBody } from '../src/protocols/registry.ts'
import { RequestFacts } from '../src/call/request-facts.ts'
import { Telemetry } from '../src/telemetry/telemetry.ts'
import { harborFetchFor, harborFor, QUICK } from './helpers/harbor-for.ts'
import { sendJson, serve, type UpstreamRequest } from './helpers/http-server.ts'
import type { ServerResponse } from 'node:http'

interface Question {
  model: string
  temperature: number
  messages: { role: 'user'; content: string }[]
}

const question = (content: string): Question => ({
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user', content }],
})

function said({ body }: UpstreamRequest): string {
  const { messages, input } = JSON.parse(body) as { messages?: { content: string }[]; input?: string }
  return `answer to ${input ?? messages?.map(({ content }) => content).join('+') ?? ''}`
}

/** Answers with the text of the request, as JSON or as a stream. */
function echo(request: UpstreamRequest, response: ServerResponse): void {
  const content = said(request)
  const { stream } = JSON.parse(request.body) as { stream?: boolean }
  if (!stream) {
    sendJson(response, completion(content))
    return
  }
  const chunk = (delta: object, finish_reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(chunk({ content }, null) + chunk({}, 'stop') + 'data: [DONE]\n\n')
}

const completion = (content: string): object => ({
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
})

async function ask(harbor: Harbor, body: Question, stream: boolean): Promise<string> {
  if (!stream) return (await harbor.chat.completions.create(body)).choices[0]?.message.content ?? ''
  let text = ''
  for await (const { choices } of await harbor.chat.completions.create({ ...body, stream }))
    text += choices[0]?.delta.content ?? ''
  return text
}

/** A subclass that takes its time before each request is sent. */
class Slow extends Harbor {
  override async prepareRequest(...request: Parameters<Harbor['prepareRequest']>): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return super.prepareRequest(...request)
  }
}

describe('the text of a request that is sent', () => {
  it.each([false, true])(
    'is the cache key, whenever the caller changes its object (stream: %s)',
    async (stream) => {
      const { baseURL } = await serve(echo)
      for (let ticks = 0; ticks < 30; ticks++) {
        const harbor = harborFor({ baseURL }, { cache: true })
        const body = question('Q1')
        const call = ask(harbor, body, stream)
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
        const [message] = body.messages
        if (message) message.content = 'Q2'
        const first = await call
        expect(await ask(harbor, question('Q2'), stream)).toBe('answer to Q2')
        expect(await ask(harbor, question('Q1'), stream)).toBe('answer to Q1')
        expect(['answer to Q1', 'answer to Q2']).toContain(first)
      }
    },
  )

  it('is the cache key while a subclass is slow in prepareRequest', async () => {
    const { baseURL } = await serve(echo)
    const harbor = new Slow({ apiKey: 'k', baseURL, cache: true, retry: QUICK })
    const body = question('Q1')
    const call = ask(harbor, body, false)
    await new Promise((resolve) => setTimeout(resolve, 1))
    body.messages = question('Q2').messages
    expect(await call).toBe('answer to Q1')
    expect(await ask(harbor, question('Q2'), false)).toBe('answer to Q2')
    await harbor.close()
  })

  it('is the cache key when a subclass writes another body', async () => {
    class Rewriting extends Harbor {
      override async prepareRequest(
        ...[request, given]: Parameters<Harbor['prepareRequest']>
      ): Promise<void> {
        await super.prepareRequest(request, given)
        request.body = (request.body as string).replace('Q1', 'Q2')
      }
    }
    const { baseURL, requests } = await serve(echo)
    const harbor = new Rewriting({ apiKey: 'k', baseURL, cache: true, retry: QUICK })
    expect(await ask(harbor, question('Q1'), false)).toBe('answer to Q2')
    expect(await ask(harbor, question('Q2'), false)).toBe('answer to Q2')
    expect(requests).toHaveLength(1)
    await harbor.close()
  })

  it('is what the request to another target is made from', async () => {
    const backup = await serve(echo)
    const down = await serve((_, response) => {
      setTimeout(() => sendJson(response, { error: {} }, 503), 5)
    })
    const harbor = harborFor(down, {
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['backup/other'],
      cache: { keepFallbackAnswers: true },
    })
    const body = question('Q1')
    const call = ask(harbor, body, false)
    await expect.poll(() => down.requests).not.toHaveLength(0)
    body.messages.push({ role: 'user', content: 'NEXT' })
    expect(await call).toBe('answer to Q1')
    expect(await ask(harbor, question('Q1'), false)).toBe('answer to Q1')
    expect(JSON.parse(backup.requests[0]?.body ?? '')).toMatchObject({ model: 'other' })
  })

  it('is passed to cache.when as a copy, whose changes do not change the key', async () => {
    const { baseURL } = await serve(echo)
    const when = (request: Readonly<Record<string, unknown>>): boolean => {
      Object.assign(request, { messages: [] })
      return true
    }
    const harbor = harborFor({ baseURL }, { cache: { when } })
    expect(await ask(harbor, question('Q1'), false)).toBe('answer to Q1')
    expect(await ask(harbor, question('Q2'), false)).toBe('answer to Q2')
  })

  it('is shared by objects that serialize to it, which get one answer', async () => {
    const { baseURL, requests } = await serve(echo)
    const harbor = harborFor({ baseURL }, { cache: true })
    const [message] = question('Q1').messages
    const written = { toJSON: () => message, live: new Map() }
    await ask(harbor, question('Q1'), false)
    await ask(harbor, { ...question('Q1'), messages: [written as never] }, false)
    expect(requests).toHaveLength(1)
  })
})

const circular = (): object => {
  const schema: Record<string, unknown> = { type: 'object' }
  schema['parent'] = schema
  return schema
}
const deep = (): object => {
  const root: Record<string, unknown> = {}
  let at = root
  for (let level = 0; level < 20_000; level++) at = at['next'] = {}
  return root
}
/** Throws whenever it is looked at, other than by the `toJSON` around it. */
const hostile = (): object =>
  new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('nobody may look in here')
      },
      get: () => {
        throw new Error('nobody may look in here')
      },
    },
  )
/** Can be read once, while its text is written. */
const once = (): object => {
  let reads = 0
  return Object.defineProperty({}, 'type', {
    enumerable: true,
    get: () => {
      if (++reads > 1) throw new Error('read a second time')
      return 'object'
    },
  })
}

describe.each<[string, () => object]>([
  ['circular', () => ({ schema: circular(), toJSON: () => ({ type: 'object' }) })],
  ['deep', () => ({ schema: deep(), toJSON: () => ({ type: 'object' }) })],
  ['a proxy that throws', () => ({ schema: hostile(), toJSON: () => ({ type: 'object' }) })],
  ['readable once', once],
  ['full of numbers that write themselves', () => ({ limit: { value: 1n }, toJSON: () => ({ limit: '1' }) })],
])('an object that is %s', (_, parameters) => {
  it.each<[string, boolean, HarborOptions]>([
    ['JSON', false, {}],
    ['stream', true, {}],
    ['JSON, with cache and limits', false, { cache: { when: 'always' }, limits: { tokensPerMinute: 1e9 } }],
    ['stream, with cache and limits', true, { cache: { when: 'always' }, limits: { tokensPerMinute: 1e9 } }],
  ])('is sent as its text, without an error in the call or the process (%s)', async (__, stream, options) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const { baseURL } = await serve(echo)
      const harbor = harborFor({ baseURL }, options)
      for (let call = 0; call < 3; call++) {
        const tools = [{ type: 'function', function: { name: 'f', parameters: parameters() } }]
        expect(await ask(harbor, { ...question('Q'), tools } as never, stream)).toBe('answer to Q')
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})

describe('accounting', () => {
  it('ends in one warning when it throws, and the answer reaches its caller', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const broken = {
      book: () => {
        throw new Error('a bug in accounting')
      },
      bookPossible: () => undefined,
      loadPricesOf: () => undefined,
    } as unknown as Accounts
    const policy = { routes: { planFor: () => ({ outage: [] }) } }
    const receipt = { usage: {}, model: 'm', modelUses: [] }
    const operation = operationOfBody({ messages: [] })
    const exchange = {
      url: 'http://h/v1/chat/completions',
      json: {},
      headers: new Headers(),
      operation,
      policy,
      receipt,
    } as unknown as Exchange
    const ended = Promise.resolve({ outcome: 'success' as const, contents: 1 })
    for (const body of [
      { kind: 'text', text: '{}' },
      { kind: 'stream', ended },
    ]) {
      const answer = { body, servedBy: {} } as unknown as Answer
      const layer = costLayer(broken, new SpendLedger(Date.now), new Telemetry())
      const call = layer(() => Promise.resolve(answer))
      expect(await call({ ...exchange, perCall: {}, facts: new RequestFacts() })).toBe(answer)
      await ended
    }
    expect(emitWarning).toHaveBeenCalledTimes(2) // once for each pipeline
    emitWarning.mockRestore()
  })

  it.each<[string, HarborFetchOptions]>([
    ['nothing more', {}],
    ['a cache and limits', { cache: true, limits: { tokensPerMinute: 1e9 } }],
    ['a spend limit', { spendLimit: { usd: 1_000, per: 'day' } }],
    ['a known context window', { models: { 'gpt-4': { contextTokens: 100 } } }],
    [
      'a fallback',
      { providers: { b: { apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1' } }, fallback: ['b/m'] },
    ],
    ['batches of embeddings', { embeddingBatch: true }],
  ])('fails neither the call nor the process for an endlessly nested text, with %s', async (_, options) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const { baseURL } = await serve((request, response) => {
      sendJson(response, request.path.endsWith('chat/completions') ? completion('fine') : EMBEDDING)
    })
    const fetch = harborFetchFor(options)
    const deepText = '['.repeat(50_000) + ']'.repeat(50_000)
    const send = async (path: string, body: string): Promise<unknown> =>
      (await fetch(`${baseURL}/${path}`, { method: 'POST', body })).json()
    const messages = `[{"role":"user","content":${deepText}}]`
    expect(
      await send('chat/completions', `{"model":"gpt-4","temperature":0,"messages":${messages}}`),
    ).toEqual(completion('fine'))
    expect(
      await send('embeddings', `{"model":"text-embedding-3-small","input":"x","extra":${deepText}}`),
    ).toEqual(EMBEDDING)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(unhandled).not.toHaveBeenCalled()
    process.off('unhandledRejection', unhandled)
  })

  it('skips a target that would need such a text rewritten, with a reason', async () => {
    const down = await serve((_, response) => {
      sendJson(response, { error: { message: 'down' } }, 503)
    })
    const providers = { b: { apiKey: 'k', baseURL: down.baseURL } }
    const fetch = harborFetchFor({ providers, fallback: ['b/m'], maxRetries: 0 })
    const deepText = '['.repeat(50_000) + ']'.repeat(50_000)
    const body = `{"model":"gpt-4","messages":[{"role":"user","content":${deepText}}]}`
    const response = await fetch(`${down.baseURL}/chat/completions`, { method: 'POST', body })
    expect(response.status).toBe(503)
    expect(receiptOf(response)?.skipped).toEqual([
      { target: 'b/m', reason: 'the request is nested too deeply to be rewritten for it' },
    ])
  })
})

const EMBEDDING = { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }] }
