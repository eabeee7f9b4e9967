import OpenAI from 'openai'
import type { ServerResponse } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { perCall, receiptOf, type HarborOptions } from '../src/index.ts'
import { HELLO, harborFetchFor, harborFor, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

/** What a reasoning model sends before it thinks in silence. */
const ANNOUNCED = (id: string): string =>
  event('response.created', {
    sequence_number: 0,
    response: { id, status: 'in_progress', instructions: 'Be kind.' },
  }) +
  event('response.in_progress', { sequence_number: 1, response: { id, status: 'in_progress' } }) +
  event('response.output_item.added', {
    sequence_number: 2,
    output_index: 0,
    item: {
      id: 'rs_1',
      type: 'reasoning',
      summary: [],
      content: [],
      encrypted_content: 'gAAA',
      status: 'in_progress',
    },
  })
const ANSWER =
  event('response.output_text.delta', { sequence_number: 3, delta: 'Hello.' }) +
  event('response.completed', {
    sequence_number: 4,
    response: { id: 'resp_1', status: 'completed', output: [] },
  })

function head(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  return response
}

async function textOf(client: OpenAI, options: OpenAI.RequestOptions = {}): Promise<string> {
  let text = ''
  const stream = await client.responses.create({ model: 'o3', input: 'Hi.', stream: true }, options)
  for await (const each of stream) if (each.type === 'response.output_text.delta') text += each.delta
  return text
}

function sdkOver(baseURL: string, options: HarborOptions): OpenAI {
  const fetch = harborFetchFor(options)
  return new OpenAI({ apiKey: 'k', baseURL, fetch, maxRetries: 0, logLevel: 'off' })
}

const WAYS: readonly (readonly [string, (baseURL: string, options?: HarborOptions) => OpenAI])[] = [
  ['Harbor', (baseURL, options = {}) => harborFor({ baseURL }, options)],
  [
    'a copy of Harbor',
    (baseURL, options = {}) => harborFor({ baseURL }, options).withOptions({ timeout: 60_000 }),
  ],
  ['the SDK over createHarborFetch', (baseURL, options = {}) => sdkOver(baseURL, options)],
]

beforeEach(timeInTurns)

describe.each(WAYS)('by %s, an event that gives the reader nothing does not commit:', (_, make) => {
  it('a stream that is cut while its reasoning is only announced is retried', async () => {
    const { baseURL, requests } = await serve((_request, response) => {
      const first = requests.length === 1
      head(response).write(ANNOUNCED(`resp_${requests.length}`), () => {
        if (first) response.socket?.destroy()
        else response.end(ANSWER)
      })
    })
    expect(await textOf(make(baseURL))).toBe('Hello.')
    expect(requests).toHaveLength(2)
  })

  it('a target that is silent after it announced its reasoning is replaced by another', async () => {
    const { baseURL } = await serve((_request, response) => {
      head(response).write(ANNOUNCED('resp_1'))
    })
    const other = await serve((_request, response) => {
      head(response).end(ANNOUNCED('resp_2') + ANSWER)
    })
    const client = make(baseURL, {
      providers: { other: { apiKey: 'k', baseURL: other.baseURL } },
      fallback: ['other/o3'],
      attemptsBeforeFallback: 1,
      timeouts: { firstTokenMs: 50 },
    })
    expect(await textOf(client)).toBe('Hello.')
    expect(other.requests).toHaveLength(1)
  })

  it('the idle clock does not end the thinking of a target without alternative', async () => {
    const { baseURL, requests } = await serve((_request, response) => {
      head(response).write(ANNOUNCED('resp_1'))
      setTimeout(() => response.end(ANSWER), 400)
    })
    expect(await textOf(make(baseURL, { timeouts: { idleMs: 50 } }))).toBe('Hello.')
    expect(requests).toHaveLength(1)
  })
})

describe('the first content of a target without alternative', () => {
  it('may take what is left of the total, unless firstTokenMs says otherwise', async () => {
    const { baseURL } = await serve((_request, response) => {
      head(response).write(ANNOUNCED('resp_1'))
    })
    await expect(textOf(harborFor({ baseURL }, { timeout: 300, maxRetries: 0 }))).rejects.toMatchObject({
      cause: { clock: 'total' },
    })
    const timeouts = { firstTokenMs: 50 }
    await expect(textOf(harborFor({ baseURL }, { timeouts, maxRetries: 0 }))).rejects.toMatchObject({
      cause: { clock: 'first-token' },
    })
  })
})

describe('after the first content', () => {
  it('a tool at work keeps a Responses stream alive, and pings do not', async () => {
    const text = event('response.output_text.delta', { delta: 'Hello.' })
    const searching = event('response.web_search_call.searching', { item_id: 'ws_1', output_index: 0 })
    const done = event('response.completed', { response: { id: 'resp_1', status: 'completed' } })
    const events = (busy: string): string[] => [text, busy, busy, busy, busy, done]
    async function sending(busy: string) {
      return serve((_request, response) => {
        head(response)
        events(busy).forEach((each, place) => setTimeout(() => void response.write(each), place * 60))
        setTimeout(() => response.end(), 320)
      })
    }
    const options = { timeouts: { idleMs: 150 } }
    const atWork = await sending(searching)
    expect(await textOf(harborFor(atWork, options))).toBe('Hello.')
    const pinging = await sending(event('keepalive', { sequence_number: 4 }))
    await expect(textOf(harborFor(pinging, options))).rejects.toMatchObject({ code: 'stream_stalled' })
  })
})

describe('the id of an answer', () => {
  it('is reported before the first content of a stream, once for each attempt that has another', async () => {
    const ids: string[] = []
    const { baseURL, requests } = await serve((_request, response) => {
      head(response).write(ANNOUNCED(`resp_${requests.length}`), () => {
        if (requests.length === 1) setTimeout(() => response.socket?.destroy(), 5)
        else setTimeout(() => response.end(ids.length === 2 ? ANSWER : ''), 50)
      })
    })
    const harbor = harborFor({ baseURL })
    const { data, response } = await harbor.responses
      .create({ model: 'o3', input: 'Hi.', stream: true }, perCall({ onResponseId: (id) => ids.push(id) }))
      .withResponse()
    expect(ids).toEqual(['resp_1', 'resp_2'])
    expect(receiptOf(response)?.responseId).toBe('resp_2')
    const types = []
    for await (const { type } of data) types.push(type)
    expect(types.slice(0, 3)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
    ])
  })

  it.each([true, false])('is reported of chat, streamed: %j', async (stream) => {
    const provider = await simulate()
    const ids: string[] = []
    const { data, response } = await harborFor(provider)
      .chat.completions.create({ ...HELLO, stream }, perCall({ onResponseId: (id) => ids.push(id) }))
      .withResponse()
    if (Symbol.asyncIterator in data) for await (const chunk of data) expect(chunk.id).toBe(ids[0])
    else expect(data.id).toBe(ids[0])
    expect(ids).toHaveLength(1)
    expect(receiptOf(response)?.responseId).toBe(ids[0])
  })

  it('is reported to every caller of a cached or shared answer', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { cache: true })
    const ask = async (stream: boolean): Promise<readonly string[]> => {
      const ids: string[] = []
      const body = { ...HELLO, temperature: 0, stream }
      const answer = await harbor.chat.completions.create(
        body,
        perCall({ onResponseId: (id) => ids.push(id) }),
      )
      if (Symbol.asyncIterator in answer) for await (const chunk of answer) expect(chunk.id).toBeDefined()
      return ids
    }
    for (const stream of [true, false]) {
      const shared = await Promise.all([ask(stream), ask(stream)])
      const hit = await ask(stream)
      expect(hit).toHaveLength(1)
      expect(shared).toEqual([hit, hit])
    }
    expect(provider.counts().calls).toBe(2)
  })

  it('does no harm when the caller throws, or the id is none', async () => {
    const { baseURL } = await serve((_request, response) => {
      sendJson(response, { id: 'a\nb', choices: [{ message: { content: 'Hello.' }, finish_reason: 'stop' }] })
    })
    const seen: string[] = []
    const harbor = harborFor({ baseURL })
    const reply = await harbor.chat.completions.create(
      HELLO,
      perCall({ onResponseId: (id) => seen.push(id) }),
    )
    expect(seen).toEqual([])
    expect(receiptOf(reply)?.responseId).toBeUndefined()
    const provider = await simulate()
    const throwing: ((id: string) => void)[] = [() => fail(), failLater]
    for (const onResponseId of throwing) {
      await harborFor(provider).chat.completions.create(HELLO, perCall({ onResponseId }))
    }
    expect(provider.counts().calls).toBe(2)
  })
})

/** A caller may pass an async function; its rejection must not end the process. */
const failLater = (() => Promise.reject(new Error('mine'))) as () => void

function fail(): never {
  throw new Error('mine')
}
