import type { ServerResponse } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import { receiptOf, type ProviderOptions } from '../src/index.ts'
import type * as List from '../src/protocols/list.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const loads = vi.hoisted(() => ({ count: 0 }))

/** The line that a protocol needs in the list: all else of it stands in its own folder. */
vi.mock('../src/protocols/list.ts', async (original) => {
  const { PROTOCOLS } = await original<typeof List>()
  const { late } = await import('../src/protocols/late.ts')
  return {
    PROTOCOLS: [
      ...PROTOCOLS,
      late({
        name: 'tern',
        operations: ['tern'],
        recognises: (path) => /\/v9\/models\/[^/]+:\w+$/.test(path),
        load: async () => {
          loads.count++
          return (await import('./tern/protocol.ts')).tern
        },
      }),
    ],
  }
})

const PRICE = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 }
const ANSWER = { name: 't1', turns: [{ text: 'Hello' }], why: 'END', counts: { in: 3, out: 2 } }
const BUSY = [{ fault: { kind: 'BUSY', text: 'Try later.', status: 503 } }]

const EVENTS = [
  'data: {"turn":{"text":"Hel"},"counts":{"in":3,"out":1}}\n\n',
  'data: {"turn":{"text":"lo"},"counts":{"in":3,"out":2}}\n\n',
  'event: closing\ndata: {"why":"END","counts":{"in":3,"out":2}}\n\n',
  'event: closed\ndata: {}\n\n',
]

/** The first event comes alone, so that its reader has it before the others are judged. */
function sendEvents(response: ServerResponse, [first, ...others]: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first)
  setTimeout(() => response.end(others.join('')), 20)
}

function post(body: object = { turns: [{ text: 'Hi' }] }): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** The option `endpoints` of a provider that serves the protocol. */
function tern(root: string): ProviderOptions['endpoints'] {
  return { tern: root } as ProviderOptions['endpoints']
}

/** A provider of the protocol, and a fetch whose retries do not wait. */
async function setUp(
  answer: Parameters<typeof serve>[0],
  options: Parameters<typeof harborFetchFor>[0] = {},
) {
  const { baseURL, requests } = await serve(answer)
  const harborFetch = harborFetchFor({
    retry: { baseDelayMs: 0 },
    models: { 'openai/reed-1': { price: PRICE } },
    ...options,
  })
  return { harborFetch, requests, root: baseURL.replace(/\/v1$/, '') }
}

describe('a protocol that is one folder and one line', () => {
  it('is loaded by its first request, once', async () => {
    const { harborFetch, root } = await setUp((_request, response) => sendJson(response, ANSWER))
    expect(loads.count).toBe(0)
    await harborFetch(`${root}/v9/models/reed-1:answer?key=k`, post())
    await harborFetch(`${root}/v9/models/reed-1:answer?key=k`, post())
    expect(loads.count).toBe(1)
  })

  it('is retried after an error that is a list, and its answer is reported and priced', async () => {
    let calls = 0
    const { harborFetch, requests, root } = await setUp((_request, response) => {
      if (++calls === 1) sendJson(response, BUSY, 503)
      else sendJson(response, ANSWER)
    })
    const response = await harborFetch(`${root}/v9/models/reed-1:answer?key=k1`, post())
    expect(await response.json()).toEqual(ANSWER)
    expect(requests.map(({ path }) => path)).toEqual(Array(2).fill('/v9/models/reed-1:answer?key=k1'))
    expect(receiptOf(response)).toMatchObject({
      operation: 'tern',
      model: 'reed-1',
      streaming: false,
      finishReasons: ['END'],
      responseId: 't1',
      usage: { inputTokens: 3, outputTokens: 2 },
      cost: { usd: 7 },
      attempts: [{ failure: { kind: 'server', code: 'BUSY' } }, {}],
    })
  })

  it('streams by its path, byte for byte, and counts running totals once', async () => {
    const { harborFetch, root } = await setUp((_request, response) => sendEvents(response, EVENTS))
    const response = await harborFetch(`${root}/v9/models/reed-1:answerAsStream?key=k1`, post())
    expect(await response.text()).toBe(EVENTS.join(''))
    expect(receiptOf(response)).toMatchObject({
      streaming: true,
      outcome: 'success',
      finishReasons: ['END'],
      usage: { inputTokens: 3, outputTokens: 2 },
      cost: { usd: 7 },
    })
  })

  it.each([
    ['both events of its proof', EVENTS.slice(0, 2)],
    ['the second event of its proof', EVENTS.slice(0, 3)],
    ['the first event of its proof', [...EVENTS.slice(0, 2), ...EVENTS.slice(3)]],
  ])('reports a stream without %s to its reader, in an event of its own form', async (_, events) => {
    const { harborFetch, root } = await setUp((_request, response) => sendEvents(response, events))
    const response = await harborFetch(`${root}/v9/models/reed-1:answerAsStream?key=k1`, post())
    expect(await response.text()).toMatch(
      /data: \{"fault":\{"kind":"stream_incomplete",.*"status":500\}\}\n\n$/,
    )
    expect(receiptOf(response)).toMatchObject({ outcome: 'failure' })
  })

  it('is retried when a stream brings an error before its content', async () => {
    let calls = 0
    const { harborFetch, root } = await setUp((_request, response) => {
      sendEvents(response, ++calls === 1 ? [`data: ${JSON.stringify(BUSY)}\n\n`] : EVENTS)
    })
    const response = await harborFetch(`${root}/v9/models/reed-1:answerAsStream?key=k1`, post())
    expect(await response.text()).toBe(EVENTS.join(''))
    expect(receiptOf(response)?.attempts[0]?.failure).toMatchObject({ kind: 'server', code: 'BUSY' })
  })

  it('is rewritten for another target: model and stream flag in the path, key in the query', async () => {
    const spare = await serve((_request, response) => sendEvents(response, EVENTS))
    const { harborFetch, requests, root } = await setUp(
      (_request, response) => sendJson(response, BUSY, 503),
      {
        providers: {
          spare: { apiKey: 'k2', endpoints: tern(`${spare.baseURL.replace(/\/v1$/, '')}/spare`) },
        },
        fallback: { 'reed-1': ['spare/reed-2'] },
        models: { 'spare/reed-2': { price: PRICE } },
        attemptsBeforeFallback: 1,
      },
    )
    const headers = { 'content-type': 'application/json', 'tern-version': '7', authorization: 'secret' }
    const response = await harborFetch(`${root}/v9/models/reed-1:answerAsStream?key=k1`, {
      ...post(),
      headers,
    })
    expect(await response.text()).toBe(EVENTS.join(''))
    expect(requests).toHaveLength(1)
    expect(spare.requests).toMatchObject([
      { path: '/spare/v9/models/reed-2:answerAsStream?key=k2', headers: { 'tern-version': '7' } },
    ])
    expect(spare.requests[0]?.headers.authorization).toBeUndefined()
    expect(receiptOf(response)).toMatchObject({ target: 'spare/reed-2', cost: { usd: 7 } })
  })

  it('keeps what one key did from another one, though keys stand in the query', async () => {
    const spare = await serve((_request, response) => sendJson(response, ANSWER))
    const { harborFetch, root } = await setUp(
      ({ path }, response) => {
        if (path.endsWith('bad'))
          sendJson(response, [{ fault: { kind: 'KEY', text: 'No.', status: 401 } }], 401)
        else sendJson(response, ANSWER)
      },
      {
        providers: { spare: { apiKey: 'k2', endpoints: tern(spare.baseURL) } },
        fallback: { 'reed-1': ['spare/reed-2'] },
      },
    )
    const targetWith = async (key: string): Promise<string | undefined> =>
      receiptOf(await harborFetch(`${root}/v9/models/reed-1:answer?key=${key}`, post()))?.target
    expect(await targetWith('bad')).toBe('spare/reed-2')
    expect(await targetWith('good')).toBe('openai/reed-1')
    expect(await targetWith('bad')).toBe('spare/reed-2')
  })

  it('gets errors of Harbor in its own form', async () => {
    const { harborFetch, root } = await setUp((_request, response) => sendJson(response, {}))
    await harborFetch.close()
    const response = await harborFetch(`${root}/v9/models/reed-1:answer?key=k1`, post())
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ fault: { kind: 'client_closed', status: 503 } })
  })

  it('may have endpoints that are free, also under a spend limit', async () => {
    const { harborFetch, root } = await setUp(
      (_request, response) => sendJson(response, { counts: { in: 3 } }),
      {
        spendLimit: { usd: 1, per: 'hour' },
      },
    )
    const response = await harborFetch(`${root}/v9/models/reed-1:count?key=k1`, post())
    expect(response.status).toBe(200)
    expect(harborFetch.stats().cost.unpricedCalls).toBe(0)
  })
})
