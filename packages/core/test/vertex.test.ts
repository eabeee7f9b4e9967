import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetchOptions, type ProviderOptions, type Receipt } from '../src/index.ts'
import { EVENTS, MESSAGE, onWire, QUESTION, sendStream } from './helpers/anthropic.ts'
import { chunk } from './gemini/gemini-client.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'
import { sendJson, serve, type UpstreamRequest } from './helpers/http-server.ts'

const LOCATION = '/v1/projects/p/locations/us-east5'
const CLAUDE = `${LOCATION}/publishers/anthropic/models`
const GEMINI = `${LOCATION}/publishers/google/models`

/** A server of which one half is down: Vertex AI (`vertex`), or everything else (`others`). Tokens come from a function. */
async function setUp(
  down: 'vertex' | 'others',
  entry: (origin: string) => ProviderOptions,
  options: HarborFetchOptions = {},
) {
  const server = await serve(({ path, body }, response) => {
    if (path.includes('/projects/') === (down === 'vertex')) {
      sendJson(response, { type: 'error', error: { type: 'api_error', message: 'Down.' } }, 500)
    } else if (path.includes('count')) sendJson(response, { input_tokens: 3 })
    else if (/"stream":true/.test(body)) void sendStream(response, onWire(EVENTS))
    else sendJson(response, path.includes(':generateContent') ? chunk('Hi', 'STOP') : MESSAGE)
  })
  let count = 0
  const other = { apiKey: async () => Promise.resolve(`token-${++count}`), ...entry(server.origin) }
  const receipts: Receipt[] = []
  const harborFetch = harborFetchFor({
    maxRetries: 0,
    providers: { other },
    fallback: ['other/claude-haiku-4-5@20251001'],
    ...options,
  }).with({ onReceipt: (receipt) => void receipts.push(receipt) })
  const anthropic = new Anthropic({
    apiKey: 'own',
    baseURL: server.origin,
    fetch: harborFetch,
    maxRetries: 0,
  })
  const last = () => server.requests.at(-1) as UpstreamRequest
  return { server, harborFetch, anthropic, receipts, last, sent: () => JSON.parse(last().body) as object }
}

const toVertex =
  (path = CLAUDE) =>
  (origin: string) => ({ endpoints: { 'anthropic-messages': origin + path } })

describe('a chain from a call of the Messages API to Vertex AI', () => {
  it.each<[string, (origin: string) => ProviderOptions]>([
    ['the path of its models', toVertex()],
    ['the path of its models and a slash', toVertex(`${CLAUDE}/`)],
    ['the path of its location', toVertex(LOCATION)],
    ['an entry of the kind anthropic', (origin) => ({ kind: 'anthropic', baseURL: origin + CLAUDE })],
    ['an entry of the kind google', (origin) => ({ kind: 'google', ...toVertex()(origin) })],
  ])('rewrites the request for %s', async (_what, entry) => {
    const { anthropic, last, sent, receipts } = await setUp('others', entry)
    const answer = await anthropic.messages.create(QUESTION)
    expect(answer.content).toEqual(MESSAGE.content)
    const { model: _model, ...body } = QUESTION
    expect(last().path).toBe(`${CLAUDE}/claude-haiku-4-5@20251001:rawPredict`)
    expect(sent()).toEqual({ ...body, anthropic_version: 'vertex-2023-10-16' })
    expect(last().headers).toMatchObject({ authorization: 'Bearer token-1' })
    expect(last().headers).not.toHaveProperty('x-api-key')
    expect(receipts[0]).toMatchObject({ outcome: 'success', target: 'other/claude-haiku-4-5@20251001' })
  })

  it('asks the method for streams for a stream, and proves its end', async () => {
    const { anthropic, last, sent, receipts } = await setUp('others', toVertex())
    const stream = await anthropic.beta.messages.create({ ...QUESTION, stream: true, betas: ['b-1'] })
    const types: string[] = []
    for await (const { type } of stream) types.push(type)
    expect(types.at(-1)).toBe('message_stop')
    expect(last().path).toBe(`${CLAUDE}/claude-haiku-4-5@20251001:streamRawPredict`)
    expect(last().headers['anthropic-beta']).toBe('b-1')
    expect(sent()).toMatchObject({ stream: true })
    expect(receipts[0]).toMatchObject({ guard: 'stream', outcome: 'success' })
  })

  it('gets a new token for each request', async () => {
    const { anthropic, server } = await setUp('others', toVertex())
    await anthropic.messages.create(QUESTION)
    await anthropic.messages.create(QUESTION)
    const tokens = server.requests.filter(({ path }) => path.includes('/projects/'))
    expect(tokens.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  it('counts tokens at the path that Vertex AI has for it, with the model in the body', async () => {
    const { anthropic, last, sent } = await setUp('others', toVertex())
    const { model, messages } = QUESTION
    expect(await anthropic.messages.countTokens({ model, messages })).toMatchObject({ input_tokens: 3 })
    expect(last().path).toBe(`${CLAUDE}/count-tokens:rawPredict`)
    expect(sent()).toMatchObject({ model: 'claude-haiku-4-5@20251001', messages })
  })

  it('encodes a model that would change the address', async () => {
    const { anthropic, last } = await setUp('others', toVertex(), { fallback: ['other/../x?y#z:w'] })
    await anthropic.messages.create(QUESTION)
    expect(last().path).toBe(`${CLAUDE}/..%2Fx%3Fy%23z%3Aw:rawPredict`)
  })

  it('skips Vertex AI for a document that it would have to fetch, and says so', async () => {
    const { anthropic, server, receipts } = await setUp('others', toVertex())
    const source = { type: 'url' as const, url: 'https://x.example/a.pdf' }
    const content = [{ type: 'document' as const, source }]
    await anthropic.messages
      .create({ ...QUESTION, messages: [{ role: 'user', content }] })
      .catch(() => undefined)
    expect(server.requests).toHaveLength(1)
    expect(receipts[0]?.skipped).toEqual([
      { target: 'other/claude-haiku-4-5@20251001', reason: 'it does not read documents from a URL' },
    ])
  })
})

describe('a chain from a call at Vertex AI', () => {
  const { model: _model, ...BODY } = QUESTION
  const request = (body: object): RequestInit => ({
    method: 'POST',
    headers: { authorization: 'Bearer own', 'content-type': 'application/json' },
    body: JSON.stringify({ ...BODY, anthropic_version: 'vertex-2023-10-16', ...body }),
  })
  const toAnthropic = (origin: string): ProviderOptions => ({
    kind: 'anthropic',
    baseURL: origin,
    apiKey: 'a',
  })

  it.each([
    ['rawPredict', {}, false],
    ['streamRawPredict', { stream: true }, true],
    ['streamRawPredict', {}, true],
  ])('rewrites %s with %o for another provider', async (method, body, streams) => {
    const { server, harborFetch, last, sent } = await setUp('vertex', toAnthropic)
    const url = `${server.origin}${CLAUDE}/claude-sonnet-4-6:${method}`
    const response = await harborFetch(url, request(body))
    expect(response.headers.get('content-type')).toContain(streams ? 'event-stream' : 'json')
    await response.text()
    expect(receiptOf(response)?.target).toBe('other/claude-haiku-4-5@20251001')
    expect(last().path).toBe('/v1/messages')
    expect(last().headers).toMatchObject({ 'x-api-key': 'a', 'anthropic-version': '2023-06-01' })
    expect(last().headers).not.toHaveProperty('authorization')
    expect(sent()).toEqual({ ...BODY, model: 'claude-haiku-4-5@20251001', ...(streams && { stream: true }) })
  })

  it('goes on at another location, in the version that the caller named', async () => {
    const other = '/v1/projects/p/locations/europe-west1/publishers/anthropic/models'
    const server = await serve(({ path }, response) => {
      if (path.includes('us-east5')) sendJson(response, { error: { code: 500, message: 'Down.' } }, 500)
      else sendJson(response, MESSAGE)
    })
    const harborFetch = harborFetchFor({
      maxRetries: 0,
      providers: { eu: { apiKey: 't', endpoints: { 'anthropic-messages': server.origin + other } } },
      fallback: ['eu/claude-sonnet-4-6'],
    })
    const version = { anthropic_version: 'vertex-2027-01-01' }
    await harborFetch(`${server.origin}${CLAUDE}/claude-sonnet-4-6:rawPredict`, request(version))
    expect(server.requests.at(-1)?.path).toBe(`${other}/claude-sonnet-4-6:rawPredict`)
    expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ ...BODY, ...version })
  })
})

describe('a chain from a Gemini call to Vertex AI', () => {
  it.each([
    ['the path of its models', GEMINI],
    ['the path of its location', LOCATION],
  ])('rewrites the request for %s, with a bearer token', async (_what, path) => {
    const entry = (origin: string): ProviderOptions => ({ endpoints: { 'gemini-generate': origin + path } })
    const { server, harborFetch, last } = await setUp('others', entry, {
      fallback: ['other/gemini-2.5-flash'],
    })
    const google = new GoogleGenAI({
      apiKey: 'own',
      httpOptions: { baseUrl: server.origin, fetch: harborFetch },
    })
    const answer = await google.models.generateContent({ model: 'gemini-2.5-pro', contents: 'Hi' })
    expect(answer.text).toBe('Hi')
    expect(last().path).toBe(`${GEMINI}/gemini-2.5-flash:generateContent`)
    expect(last().headers).toMatchObject({ authorization: 'Bearer token-1' })
    expect(last().headers).not.toHaveProperty('x-goog-api-key')
  })

  it.each(['AIzaKey', 'AQ.Key'])('signs with the API key %s in the header for keys', async (apiKey) => {
    const entry = (origin: string): ProviderOptions => ({
      apiKey,
      endpoints: { 'gemini-generate': origin + GEMINI },
    })
    const { server, harborFetch, last } = await setUp('others', entry, {
      fallback: ['other/gemini-2.5-flash'],
    })
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] })
    await harborFetch(`${server.origin}/v1beta/models/m:generateContent`, { method: 'POST', body })
    expect(last().headers).toMatchObject({ 'x-goog-api-key': apiKey })
  })
})
