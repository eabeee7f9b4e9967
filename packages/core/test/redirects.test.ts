import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborOptions } from '../src/index.ts'
import { harborFetchFor, harborFor, HELLO } from './helpers/harbor-for.ts'
import { sendJson, serve, type UpstreamRequest } from './helpers/http-server.ts'

const ANSWER = {
  id: 'x',
  object: 'chat.completion',
  model: 'gpt-4',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'elsewhere' } }],
}

/** Answers with a redirect to `location`, but under `/landed` with an answer. */
const redirecting =
  (status: number, location: string) => (request: UpstreamRequest, response: ServerResponse) => {
    if (request.path.includes('landed')) sendJson(response, ANSWER)
    else response.writeHead(status, { location }).end('Moved.')
  }

const SECRETS = {
  'x-auth-token': 'SECRET',
  'x-made-up-by-a-gateway': 'SECRET',
  'x-stainless-os': 'SECRET',
  'idempotency-key': 'SECRET',
  'acceptance-token': 'SECRET',
  'user-agent-key': 'SECRET',
  cookie: 'SECRET',
}

/** What describes a request, what HTTP itself needs, and what Node adds. */
const DESCRIPTIVE =
  /^(?:accept|accept-encoding|accept-language|content-type|user-agent|host|connection|content-length|sec-fetch-mode|transfer-encoding)$/

const namesOf = (headers: IncomingHttpHeaders | undefined): string[] =>
  Object.keys(headers ?? {}).filter((name) => !DESCRIPTIVE.test(name))

const WAYS: readonly (readonly [way: string, options: HarborOptions])[] = [
  ['the pool', {}],
  ["a caller's own fetch", { fetch: globalThis.fetch }],
]

describe.each(WAYS)('a redirect, over %s', (_way, options) => {
  it.each([307, 308])(
    'to another origin (%i) takes along what describes the request, and no other header',
    async (status) => {
      const other = await serve(redirecting(307, ''))
      const upstream = await serve(redirecting(status, `${other.baseURL}/landed`))
      const harbor = harborFor(upstream, { defaultHeaders: SECRETS, organization: 'SECRET', ...options })
      const answer = await harbor.chat.completions.create(HELLO)
      expect(answer.choices[0]?.message.content).toBe('elsewhere')
      expect(other.requests).toHaveLength(1)
      expect(namesOf(other.requests[0]?.headers)).toEqual([])
      expect(other.requests[0]).toMatchObject({
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      })
      expect(JSON.parse(other.requests[0]?.body ?? '')).toEqual(HELLO)
    },
  )

  it('to another origin and back does not bring the secrets back', async () => {
    const upstream = await serve((request, response) =>
      redirecting(307, `${other.baseURL}/on`)(request, response),
    )
    const other: { baseURL: string } = await serve((_, response) => {
      response.writeHead(307, { location: `${upstream.baseURL}/landed` }).end()
    })
    const harbor = harborFor(upstream, { defaultHeaders: SECRETS, ...options })
    await harbor.chat.completions.create(HELLO)
    expect(namesOf(upstream.requests[1]?.headers)).toEqual([])
  })

  it('within an origin takes everything along', async () => {
    const upstream = await serve(redirecting(308, '/v1/landed?x=1'))
    const harbor = harborFor(upstream, { defaultHeaders: SECRETS, ...options })
    await harbor.chat.completions.create(HELLO)
    expect(upstream.requests[1]).toMatchObject({
      method: 'POST',
      path: '/v1/landed?x=1',
      headers: { authorization: 'Bearer test-key', 'x-auth-token': 'SECRET' },
    })
  })

  it("does not give the headers of a provider's entry to another origin", async () => {
    const other = await serve(redirecting(307, ''))
    const down = await serve((_, response) => sendJson(response, {}, 503))
    const entry = await serve(redirecting(307, `${other.baseURL}/landed`))
    const harbor = harborFor(down, {
      providers: { b: { apiKey: 'SECRET', baseURL: entry.baseURL, headers: { 'x-key': 'SECRET' } } },
      fallback: ['b/m'],
      ...options,
    })
    await harbor.chat.completions.create(HELLO)
    expect(namesOf(other.requests[0]?.headers)).toEqual([])
  })

  it.each([301, 302, 303])(
    'that turns a POST into a GET (%i) is not followed, and is no answer',
    async (status) => {
      const upstream = await serve(redirecting(status, '/v1/landed'))
      const harbor = harborFor(upstream, { cache: { when: 'always' }, ...options })
      const refused = { status: 502, code: 'redirect_refused' }
      await expect(harbor.chat.completions.create(HELLO)).rejects.toMatchObject(refused)
      await expect(harbor.chat.completions.create({ ...HELLO, stream: true })).rejects.toMatchObject(refused)
      await expect(harbor.responses.create({ model: 'm', input: 'Hi' })).rejects.toMatchObject(refused)
      await expect(harbor.post('/anything', { body: { some: 'thing' } })).rejects.toMatchObject(refused)
      expect(upstream.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST'])
      expect(harbor.stats().cache.entries).toBe(0)
    },
  )

  it.each([301, 302, 303, 307, 308])('of a request that reads (%i) is followed', async (status) => {
    const upstream = await serve(redirecting(status, '/v1/landed'))
    expect(await harborFor(upstream, options).models.retrieve('m')).toMatchObject({ id: 'x' })
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  })

  it('of a loop is followed five times, each of which counts towards maxUpstreamCalls', async () => {
    const upstream = await serve(redirecting(307, '/v1/chat/completions'))
    const harbor = harborFor(upstream, { maxUpstreamCalls: 20, ...options })
    const error: unknown = await harbor.chat.completions.create(HELLO).catch((error: unknown) => error)
    expect(error).toMatchObject({ status: 502, code: 'redirect_refused' })
    expect(upstream.requests).toHaveLength(6)
    expect(receiptOf(error)).toMatchObject({
      redirects: 5,
      attempts: [{ failure: { code: 'redirect_refused' } }],
    })

    const strict = harborFor(upstream, { maxUpstreamCalls: 3, ...options })
    await expect(strict.chat.completions.create(HELLO)).rejects.toMatchObject({ code: 'redirect_refused' })
    expect(upstream.requests).toHaveLength(9)
  })

  it.each(['data:application/json,{}', 'file:///etc/passwd', 'http://', 'http://user:pass@localhost/v1'])(
    'to %s is refused',
    async (location) => {
      const upstream = await serve(redirecting(307, location))
      const call = harborFor(upstream, options).chat.completions.create(HELLO)
      await expect(call).rejects.toMatchObject({ status: 502, code: 'redirect_refused' })
      expect(upstream.requests).toHaveLength(1)
    },
  )

  it('of a body that can be read only once is refused', async () => {
    const upstream = await serve(redirecting(307, '/v1/landed'))
    const harbor = harborFor(upstream, options)
    const call = harbor.post('/anything', { body: new Blob(['once']).stream() })
    await expect(call).rejects.toMatchObject({ code: 'redirect_refused' })
  })

  it('is handed to a caller who handles redirects, and fails for one who forbids them', async () => {
    const upstream = await serve(redirecting(307, '/v1/landed'))
    const manual = harborFor(upstream, { fetchOptions: { redirect: 'manual' }, ...options })
    const error: unknown = await manual.chat.completions.create(HELLO).catch((error: unknown) => error)
    expect(error).toMatchObject({ status: 307 })
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get('location')).toBe('/v1/landed')
    const strict = harborFor(upstream, { fetchOptions: { redirect: 'error' }, ...options })
    await expect(strict.chat.completions.create(HELLO)).rejects.toMatchObject({
      name: 'Error',
      message: expect.stringContaining('Connection error') as string,
      cause: { message: 'fetch failed' },
    })
    expect(upstream.requests).toHaveLength(2)
  })
})

describe('a redirect', () => {
  it('never leads from https to http', async () => {
    const seen: string[] = []
    const fetch = (async (url: string | URL | Request) => {
      seen.push(url as string)
      return new Response(null, { status: 308, headers: { location: 'http://provider.example/v1/x' } })
    }) as typeof globalThis.fetch
    const harbor = harborFor({ baseURL: 'https://provider.example/v1' }, { fetch })
    await expect(harbor.chat.completions.create(HELLO)).rejects.toMatchObject({
      code: 'redirect_refused',
      message: expect.stringContaining('from https to http') as string,
    })
    expect(seen).toHaveLength(1)
  })

  it('that the fetch in use does not show is said to be one', async () => {
    const opaque = Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' })
    const harbor = harborFor({ baseURL: 'https://provider.example/v1' }, { fetch: async () => opaque })
    await expect(harbor.chat.completions.create(HELLO)).rejects.toMatchObject({
      code: 'redirect_refused',
      message: expect.stringContaining('does not show') as string,
    })
  })

  it('that is refused lets another target answer', async () => {
    const spare = await serve((_, response) => sendJson(response, ANSWER))
    const upstream = await serve(redirecting(302, '/v1/landed'))
    const harbor = harborFor(upstream, {
      providers: { spare: { apiKey: 'key', baseURL: spare.baseURL } },
      fallback: ['spare/m'],
    })
    expect((await harbor.chat.completions.create(HELLO)).choices[0]?.message.content).toBe('elsewhere')
    expect(upstream.requests).toHaveLength(1)
  })

  it('is followed by createHarborFetch, too, with what the caller said about redirects', async () => {
    const upstream = await serve(redirecting(307, '/v1/landed'))
    const fetch = harborFetchFor()
    const url = `${upstream.baseURL}/chat/completions`
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(HELLO),
    }
    expect(await (await fetch(url, init)).json()).toMatchObject({ id: 'x' })
    expect(await fetch(url, { ...init, redirect: 'manual' })).toMatchObject({ status: 307 })
    expect(await fetch(new Request(url, { ...init, redirect: 'manual' }))).toMatchObject({ status: 307 })
    await expect(fetch(url, { ...init, redirect: 'error' })).rejects.toMatchObject({
      message: 'fetch failed',
    })
  })
})
