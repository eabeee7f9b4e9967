import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetch, type HarborFetchOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const JSON_BODY = { method: 'POST', body: '{"a":1}' }
const NO_LIMIT_LEFT: HarborFetchOptions = { spendLimit: { usd: 1, per: 'total' }, maxRetries: 0 }

/** A server whose answers are always the same, and a `fetch` that sends all requests to it, whatever their address. */
async function setUp(options: HarborFetchOptions = {}, answer: object = {}, status = 200) {
  const server = await serve((_request, response) => {
    sendJson(response, answer, status)
  })
  const harborFetch = harborFetchFor({
    maxRetries: 0,
    fetch: (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input)
      return fetch(server.origin + pathname + search, init)
    },
    ...options,
  })
  return { server, harborFetch }
}

async function providerOf(harborFetch: HarborFetch, url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await harborFetch(url, init)
  await response.text()
  return receiptOf(response)?.target
}

describe('the provider of a call to an endpoint that belongs to no protocol', () => {
  const ANTHROPIC = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' }
  const GATEWAY = 'https://gateway.example'

  it.each<[string, string, string, Record<string, string>?]>([
    ['anthropic', "Anthropic's own host", 'https://api.anthropic.com/v1/files'],
    ['anthropic', 'its version header', `${GATEWAY}/v1/files`, { 'anthropic-version': '2023-06-01' }],
    ['anthropic', 'its beta header', `${GATEWAY}/v1/skills`, { 'anthropic-beta': 'skills' }],
    ['anthropic', 'x-api-key alone', `${GATEWAY}/v1/things`, { 'x-api-key': 'k' }],
    ['anthropic', 'its path', `${GATEWAY}/claude/v1/messages/batches`],
    [
      'anthropic',
      'its path at Vertex AI',
      `${GATEWAY}/v1/projects/p/locations/l/publishers/anthropic/models/m`,
    ],
    ['anthropic', 'its SDK', `${GATEWAY}/v1/things`, { 'user-agent': 'Anthropic/JS 1.14.0' }],
    ['google', "Google's own host", 'https://generativelanguage.googleapis.com/v1/files'],
    [
      'anthropic',
      'its SDK for Vertex AI',
      `${GATEWAY}/v1/things`,
      { 'user-agent': 'AnthropicVertex/JS 1.14.0' },
    ],
    [
      'google',
      'a host of Vertex AI in several regions',
      'https://aiplatform.eu.rep.googleapis.com/v1/projects/p/things',
    ],
    ['google', "Vertex AI's host", 'https://europe-west1-aiplatform.googleapis.com/v1/projects/p/things'],
    ['google', 'its key header', `${GATEWAY}/v1/things`, { 'x-goog-api-key': 'k' }],
    ['google', 'its path', `${GATEWAY}/v1beta/files`],
    ['google', 'its path of uploads', `${GATEWAY}/upload/v1beta/files?uploadType=resumable`],
    ['google', 'a method of a model', `${GATEWAY}/v1/models/gemini-2.5-pro:batchGenerateContent`],
    ['openai', 'nothing of another vendor', `${GATEWAY}/v1/files`],
    ['openai', "OpenAI's own host", 'https://api.openai.com/v1/files', { 'x-api-key': 'k' }],
    [
      'openai',
      'a bearer token beside a key of a gateway',
      `${GATEWAY}/v1/files`,
      { 'x-api-key': 'k', authorization: 'Bearer k' },
    ],
    [
      'openai',
      "Google's root for OpenAI's protocols",
      'https://generativelanguage.googleapis.com/v1beta/openai/files',
    ],
    [
      'openai',
      "OpenAI's SDK at another vendor",
      'https://api.anthropic.com/v1/models',
      { 'user-agent': 'OpenAI/JS 7.59.0' },
    ],
    ['openai', 'a vendor named in the query only', `${GATEWAY}/v1/files?from=/v1beta/files`],
  ])('is %s, by %s', async (vendor, _why, url, headers = {}) => {
    const { harborFetch } = await setUp()
    expect(await providerOf(harborFetch, url, { headers })).toBe(vendor)
    expect(await providerOf(harborFetch, url, { ...JSON_BODY, headers })).toBe(vendor)
    expect(await providerOf(harborFetch, url, { method: 'POST', body: new FormData(), headers })).toBe(vendor)
  })

  it('is that of the configured provider whose address the request has', async () => {
    const { harborFetch } = await setUp({
      providers: {
        claude: { kind: 'anthropic', baseURL: `${GATEWAY}/claude`, apiKey: 'a' },
        vertex: { apiKey: 'b', endpoints: { 'gemini-generate': `${GATEWAY}/claude/but/google` } },
      },
    })
    expect(await providerOf(harborFetch, `${GATEWAY}/claude/v1/files`)).toBe('anthropic')
    expect(await providerOf(harborFetch, `${GATEWAY}/claude/but/google/v1/files`)).toBe('google')
    expect(await providerOf(harborFetch, `${GATEWAY}/claudette/v1/files`)).toBe('openai')
  })

  it('is named client if an entry of the vendor has its own key', async () => {
    const { harborFetch } = await setUp({ providers: { anthropic: { kind: 'anthropic', apiKey: 'a' } } })
    expect(await providerOf(harborFetch, 'https://api.anthropic.com/v1/files', { headers: ANTHROPIC })).toBe(
      'client',
    )
  })

  it('is the own provider of the OpenAI client, whatever the address', async () => {
    const { server } = await setUp()
    const harbor = harborFor({ baseURL: `${server.origin}/v1beta` })
    const { response } = await harbor.get('/files', { headers: ANTHROPIC }).withResponse()
    expect(receiptOf(response)?.target).toBe('openai')
  })
})

describe('an error of Harbor at an endpoint that belongs to no protocol', () => {
  it("is one of Anthropic's SDK", async () => {
    const { server, harborFetch } = await setUp(NO_LIMIT_LEFT)
    const client = new Anthropic({ apiKey: 'k', baseURL: server.origin, fetch: harborFetch, maxRetries: 0 })
    const params = {
      model: 'claude-sonnet-4-6',
      max_tokens: 9,
      messages: [{ role: 'user' as const, content: 'Hi' }],
    }
    const error = await failureOf(client.messages.batches.create({ requests: [{ custom_id: '1', params }] }))
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({
      status: 402,
      error: {
        type: 'error',
        error: { type: 'billing_error', details: { error_code: 'spend_limit' } },
      },
    })
    expect(server.requests).toHaveLength(0)
  })

  it("is one of Google's SDK", async () => {
    const { server, harborFetch } = await setUp(NO_LIMIT_LEFT)
    const client = new GoogleGenAI({
      apiKey: 'k',
      httpOptions: { baseUrl: server.origin, fetch: harborFetch },
    })
    const error = await failureOf(
      client.caches.create({ model: 'gemini-2.5-pro', config: { contents: 'Hi' } }),
    )
    expect(error).toMatchObject({ name: 'ApiError', status: 402 })
    const { error: reported } = JSON.parse((error as Error).message) as { error: object }
    expect(reported).toMatchObject({
      code: 402,
      status: 'RESOURCE_EXHAUSTED',
      details: [{ reason: 'spend_limit' }],
    })
    expect(server.requests).toHaveLength(0)
  })

  it("is one of OpenAI's SDK", async () => {
    const { server, harborFetch } = await setUp(NO_LIMIT_LEFT)
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: `${server.origin}/v1`,
      fetch: harborFetch,
      maxRetries: 0,
    })
    const error = await failureOf(client.images.generate({ model: 'm', prompt: 'Hi' }))
    expect(error).toMatchObject({ status: 402, code: 'spend_limit' })
  })

  it('is in the form of the vendor when the client is closed', async () => {
    const { harborFetch } = await setUp()
    await harborFetch.close()
    const reported = await Promise.all(
      ['https://api.anthropic.com/v1/files', 'https://generativelanguage.googleapis.com/v1beta/files'].map(
        async (url) => (await harborFetch(url)).json(),
      ),
    )
    expect(reported).toMatchObject([
      { type: 'error', error: { type: 'api_error', details: { error_code: 'client_closed' } } },
      { error: { code: 503, status: 'UNAVAILABLE', details: [{ reason: 'client_closed' }] } },
    ])
  })

  it.each([
    [
      'https://api.anthropic.com/v1/complete',
      { type: 'error', error: { type: 'api_error', details: { error_code: 'stream_incomplete' } } },
    ],
    [
      'https://generativelanguage.googleapis.com/v1beta/interactions',
      { error: { code: 503, status: 'UNAVAILABLE' } },
    ],
  ])('is an event in the form of the vendor when a stream breaks, at %s', async (url, expected) => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('event: piece\ndata: {"type":"piece","text":"Hel"}\n\n')
      setTimeout(() => response.destroy(), 20)
    })
    const harborFetch = harborFetchFor({ maxRetries: 0, fetch: (_url, init) => fetch(server.origin, init) })
    const response = await harborFetch(url, { method: 'POST', body: '{"stream":true}' })
    const text = await response.text()
    const data = /^data: (.*)$/m.exec(text.slice(text.lastIndexOf('data: ')))?.[1] ?? 'null'
    expect(JSON.parse(data)).toMatchObject(expected)
  })
})

describe('an error of a vendor at an endpoint that belongs to no protocol', () => {
  it('is not repeated when it says that the spend limit of the account is reached', async () => {
    const answer = {
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message: 'No.',
        details: { error_code: 'enforced_spend_limit_reached' },
      },
    }
    const { server, harborFetch } = await setUp({ maxRetries: 2 }, answer, 429)
    await harborFetch('https://api.anthropic.com/v1/messages/batches', JSON_BODY)
    expect(server.requests).toHaveLength(1)
  })

  it('is not repeated when it says that a daily quota is used up', async () => {
    const violations = [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }]
    const details = [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations }]
    const answer = { error: { code: 429, message: 'No.', status: 'RESOURCE_EXHAUSTED', details } }
    const { server, harborFetch } = await setUp({ maxRetries: 2 }, answer, 429)
    await harborFetch('https://generativelanguage.googleapis.com/v1beta/cachedContents', JSON_BODY)
    expect(server.requests).toHaveLength(1)
  })
})
