import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetch, type HarborFetchOptions, type Receipt } from '../src/index.ts'
import { MESSAGE, QUESTION } from './helpers/anthropic.ts'
import { chunk } from './gemini/gemini-client.ts'
import { harborFetchFor, HELLO } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve, type TestServer, type UpstreamRequest } from './helpers/http-server.ts'

const MODEL = 'gemini-2.5-pro'

/** A server for all protocols. Requests whose path or model is `down` fail. */
function serveAll(
  fails: (request: UpstreamRequest) => number | undefined = () => undefined,
): Promise<TestServer> {
  return serve((request, response) => {
    const status = fails(request)
    if (status !== undefined) sendJson(response, { error: { message: 'No.', type: 'api_error' } }, status)
    else if (request.path.includes('/messages')) sendJson(response, MESSAGE)
    else if (request.path.includes(':generateContent')) sendJson(response, chunk('Hi', 'STOP'))
    else sendJson(response, CHAT_ANSWER)
  })
}

/** The three SDKs over one `fetch`, all with the same key. */
function sdksOver(origin: string, options: HarborFetchOptions) {
  const receipts: Receipt[] = []
  const harborFetch: HarborFetch = harborFetchFor({ maxRetries: 0, ...options })
  const fetch = harborFetch.with({ onReceipt: (receipt) => void receipts.push(receipt) })
  const openai = new OpenAI({ apiKey: 'one-key', baseURL: `${origin}/v1`, fetch, maxRetries: 0 })
  const anthropic = new Anthropic({ apiKey: 'one-key', baseURL: origin, fetch, maxRetries: 0 })
  const google = new GoogleGenAI({ apiKey: 'one-key', httpOptions: { baseUrl: origin, fetch } })
  return {
    harborFetch,
    receipts,
    anthropic,
    calls: {
      openai: () => openai.chat.completions.create(HELLO),
      anthropic: () => anthropic.messages.create(QUESTION),
      google: () => google.models.generateContent({ model: MODEL, contents: 'Hi' }),
    },
  }
}

describe('one fetch for the SDKs of three vendors', () => {
  it('names the provider of each call after the vendor of its protocol', async () => {
    const { origin } = await serveAll()
    const { calls, receipts, harborFetch } = sdksOver(origin, {
      models: { [MODEL]: { price: { inputPerMillion: 1, outputPerMillion: 1 } } },
    })
    for (const call of Object.values(calls)) await call()
    const names = ['openai/gpt-4', 'anthropic/claude-sonnet-4-6', `google/${MODEL}`]
    expect(receipts.map(({ target, guard }) => [target, guard])).toEqual(names.map((name) => [name, 'json']))
    expect(Object.keys(harborFetch.stats().targets)).toEqual(names)
    expect(receipts[2]?.cost).toMatchObject({ price: 'own' })
  })

  it('keeps their state apart, also where all are named client and have the same key', async () => {
    const { origin } = await serveAll(({ path }) => (path === '/v1/messages' ? 401 : undefined))
    const entry = { apiKey: 'k', baseURL: `${origin}/spare` }
    const { calls, receipts } = sdksOver(origin, {
      providers: {
        openai: entry,
        anthropic: { ...entry, kind: 'anthropic' },
        google: { ...entry, kind: 'google' },
      },
      fallback: {
        'gpt-4': ['openai/gpt-4'],
        'claude-sonnet-4-6': ['anthropic/claude-sonnet-4-6'],
        [MODEL]: [`google/${MODEL}`],
      },
    })
    await calls.anthropic()
    await calls.openai()
    await calls.google()
    await calls.anthropic()
    expect(receipts.map(({ target, skipped }) => [target, skipped.length])).toEqual([
      ['anthropic/claude-sonnet-4-6', 0],
      ['client/gpt-4', 0],
      [`client/${MODEL}`, 0],
      ['anthropic/claude-sonnet-4-6', 1],
    ])
  })

  it('takes a name without a provider in a chain for a model of the provider that the call came for', async () => {
    const { origin, requests } = await serveAll(({ path, body }) =>
      /claude-sonnet-4-6|"gpt-4"/.test(body) || path.includes(MODEL) ? 501 : undefined,
    )
    const { calls, receipts } = sdksOver(origin, { fallback: ['spare'] })
    for (const call of Object.values(calls)) await call()
    expect(receipts.map(({ target }) => target)).toEqual(['openai/spare', 'anthropic/spare', 'google/spare'])
    expect(requests.at(-1)?.path).toMatch(/^\/v1(?:beta)?\/models\/spare:generateContent$/)
  })

  it('gives a copy of one SDK options of its own', async () => {
    const { origin } = await serveAll(({ body }) => (body.includes('claude-sonnet-4-6') ? 501 : undefined))
    const { anthropic, harborFetch } = sdksOver(origin, {})
    const copy = anthropic.withOptions({ fetch: harborFetch.with({ fallback: ['claude-haiku-4-5'] }) })
    const { response } = await copy.messages.create(QUESTION).withResponse()
    expect(receiptOf(response)?.target).toBe('anthropic/claude-haiku-4-5')
    await expect(anthropic.messages.create(QUESTION)).rejects.toMatchObject({ status: 501 })
  })
})

describe('a request to another provider of the same protocol', () => {
  const down = ({ path }: UpstreamRequest): number | undefined =>
    path.startsWith('/spare') ? undefined : 501

  it('is signed with x-api-key at an entry of kind anthropic, and carries the version and betas of the caller', async () => {
    const { origin, requests } = await serveAll(down)
    const { anthropic } = sdksOver(origin, {
      providers: { spare: { kind: 'anthropic', apiKey: 'spare-key', baseURL: `${origin}/spare/v1` } },
      fallback: ['spare/claude-haiku-4-5'],
    })
    await anthropic.messages.create(QUESTION, { headers: { 'anthropic-beta': 'b-1' } })
    const [first, second] = requests
    expect(second?.path).toBe('/spare/v1/messages')
    expect(second?.headers).toMatchObject({ 'x-api-key': 'spare-key', 'anthropic-beta': 'b-1' })
    expect(second?.headers['anthropic-version']).toBe(first?.headers['anthropic-version'])
    expect(JSON.stringify(second)).not.toContain('one-key')
  })

  it('is signed with x-goog-api-key at an entry of kind google, under the version of the caller', async () => {
    const { origin, requests } = await serveAll(down)
    const { calls } = sdksOver(origin, {
      providers: { spare: { kind: 'google', apiKey: 'spare-key', baseURL: `${origin}/spare/v1beta/` } },
      fallback: ['spare/gemini-2.5-flash'],
    })
    await calls.google()
    const [first, second] = requests
    expect(second?.path).toBe(`/spare${first?.path.replace(MODEL, 'gemini-2.5-flash')}`)
    expect(second?.headers).toMatchObject({ 'x-goog-api-key': 'spare-key' })
    expect(JSON.stringify(second)).not.toContain('one-key')
  })

  it('skips the entries of other vendors, since requests are not translated', async () => {
    const { origin } = await serveAll(down)
    const { calls, receipts } = sdksOver(origin, {
      providers: { spare: { kind: 'google', apiKey: 'k', baseURL: `${origin}/spare` } },
      fallback: { 'claude-sonnet-4-6': ['spare/gemini-2.5-flash'] },
    })
    await expect(calls.anthropic()).rejects.toBeInstanceOf(Anthropic.APIError)
    expect(receipts[0]?.skipped).toEqual([
      { target: 'spare/gemini-2.5-flash', reason: 'its provider does not serve anthropic-messages' },
    ])
  })
})

describe('the credentials of a caller of any protocol', () => {
  const SECRETS = [
    'authorization',
    'proxy-authorization',
    'api-key',
    'x-api-key',
    'x-goog-api-key',
    'x-goog-user-project',
    'openai-organization',
    'openai-project',
    'anthropic-workspace-id',
    'anthropic-user-profile-id',
    'cookie',
  ]
  const REQUESTS = {
    '/down/v1/chat/completions': HELLO,
    '/down/v1/messages': QUESTION,
    [`/down/v1beta/models/${MODEL}:generateContent`]: { contents: [{ parts: [{ text: 'Hi' }] }] },
  }

  it('never reach another provider, whatever header or query parameter they stand in', async () => {
    const { origin, requests } = await serveAll(({ path }) => (path.startsWith('/down') ? 501 : undefined))
    const entry = { apiKey: 'own', baseURL: `${origin}/spare` }
    const endpoints = {
      'openai-chat': `${origin}/chat`,
      'anthropic-messages': `${origin}/messages`,
      'gemini-generate': `${origin}/gemini`,
    }
    const fetch = harborFetchFor({
      providers: {
        a: { ...entry, kind: 'anthropic', endpoints },
        b: { ...entry, kind: 'google', endpoints },
        c: { ...entry, endpoints },
        d: { ...entry, kind: 'azure', endpoints },
      },
      maxRetries: 0,
      breaker: false,
    })
    const query = fc.constantFrom('key', 'api_key', 'access_token', 'oauth_token', 'token')
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...SECRETS), { minLength: 1 }),
        query,
        fc.constantFrom(...Object.entries(REQUESTS)),
        fc.constantFrom('a', 'b', 'c', 'd'),
        async (names, parameter, [path, body], provider) => {
          const secrets = Object.fromEntries(names.map((name) => [name, `secret-${name}`]))
          const before = requests.length
          await fetch.with({ fallback: [`${provider}/m`] })(`${origin}${path}?${parameter}=secret-query`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...secrets },
            body: JSON.stringify(body),
          })
          const sent = requests.slice(before)
          expect(sent.map((request) => request.path.startsWith('/down'))).toEqual([true, false])
          expect(JSON.stringify(sent[1])).not.toContain('secret')
        },
      ),
      { numRuns: 100 },
    )
  })
})
