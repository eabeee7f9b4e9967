import { describe, expect, it } from 'vitest'
import type { Harbor, HarborOptions } from '../src/index.ts'
import { harborFetchFor, harborFor, HELLO } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const NAME = 'x-stainless-retry-count'
type Headers = NonNullable<HarborOptions['defaultHeaders']>

/** The retry counts of three attempts, of which the first two fail. */
async function counts(call: (baseURL: string) => Promise<unknown>): Promise<unknown[]> {
  const upstream = await serve((_, response) => {
    if (upstream.requests.length <= 2) sendJson(response, { error: { message: 'later' } }, 503)
    else sendJson(response, { choices: [{ message: { role: 'assistant', content: 'Hi.' } }] })
  })
  await call(upstream.baseURL)
  return upstream.requests.map(({ headers }) => headers[NAME])
}

function ask(harbor: Harbor, headers?: Headers): Promise<unknown> {
  return harbor.chat.completions.create(HELLO, { ...(headers && { headers }) })
}

describe('x-stainless-retry-count', () => {
  it('counts the attempts of a call', async () => {
    expect(await counts((baseURL) => ask(harborFor({ baseURL })))).toEqual(['0', '1', '2'])
  })

  const OWN: [what: string, headers: Headers, expected: string | undefined][] = [
    ['a number', { [NAME]: '42' }, '42'],
    ['the number that the SDK itself would write', { [NAME]: '0' }, '0'],
    ['another spelling', { 'X-Stainless-Retry-Count': '7' }, '7'],
    ['an instance of Headers', new globalThis.Headers({ [NAME]: '0' }), '0'],
    ['an empty text', { [NAME]: '' }, ''],
    ['null', { [NAME]: null }, undefined],
  ]
  const WAYS: [where: string, make: (baseURL: string, headers: Headers) => Promise<unknown>][] = [
    ['a call', (baseURL, headers) => ask(harborFor({ baseURL }), headers)],
    ['a client', (baseURL, headers) => ask(harborFor({ baseURL }, { defaultHeaders: headers }))],
    ['a copy', (baseURL, headers) => ask(harborFor({ baseURL }).withOptions({ defaultHeaders: headers }))],
    [
      'a call with a key function',
      (baseURL, headers) => ask(harborFor({ baseURL }, { apiKey: async () => 'k' }), headers),
    ],
  ]
  const CASES = WAYS.flatMap(([where, make]) =>
    OWN.map(([what, ...rest]) => [where, what, make, ...rest] as const),
  )

  it.each(CASES)('stays as set by %s: %s', async (_, __, make, headers, expected) => {
    expect(await counts((baseURL) => make(baseURL, headers))).toEqual(Array(3).fill(expected))
  })

  it('counts attempts of other calls than the one that sets it', async () => {
    const seen = await counts(async (baseURL) => {
      const client = harborFor({ baseURL })
      await ask(client)
      await ask(client, { [NAME]: '42' })
      await ask(client)
    })
    expect(seen).toEqual(['0', '1', '2', '42', '0'])
  })

  it('stays as a caller of createHarborFetch sets it, and is not added', async () => {
    const post = (headers: Record<string, string>) => (baseURL: string) =>
      harborFetchFor()(`${baseURL}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(HELLO),
      })
    expect(await counts(post({ [NAME]: '42' }))).toEqual(['42', '42', '42'])
    expect(await counts(post({}))).toEqual([undefined, undefined, undefined])
    expect(await counts(post({ [NAME]: '0' }))).toEqual(['0', '1', '2'])
  })
})
