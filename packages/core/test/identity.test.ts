import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type Harbor } from '../src/index.ts'
import { Scopes } from '../src/cache/scopes.ts'
import { cacheRules } from '../src/options/cache-options.ts'
import type { Plan } from '../src/targets/plan.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { answerFor, ask, chat } from './helpers/tenant-clients.ts'
import { serve } from './helpers/http-server.ts'

/** The headers that identify no caller and change no answer; `*` matches any ending. */
const NEUTRAL = [
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'user-agent',
  'x-stainless-*',
  'idempotency-key',
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-*',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  'x-datadog-*',
  'sentry-trace',
  'x-request-id',
  'x-correlation-id',
  'x-client-request-id',
]

const isNeutral = (name: string): boolean =>
  NEUTRAL.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each))

const PLAN: Plan = { outage: [], contextWindow: [], contentPolicy: [], credentials: '', warning: undefined }
const RULES = cacheRules({})

type Given = Record<string, string> | [string, string][]

function shared(one: Given, other: Given, given?: string): boolean {
  const [a, b] = [one, other].map((headers) =>
    new Scopes().of({ headers: new Headers(headers) }, { scope: given, labels: {} }, RULES, PLAN),
  )
  return a?.name === b?.name && a?.variant === b?.variant
}

const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
const value = fc.stringMatching(/^[!-~]{1,20}$/)
const headers = fc.dictionary(token, value, { maxKeys: 8 })
const unknown = token.filter((name) => !isNeutral(name))
const neutral = fc
  .constantFrom(...NEUTRAL)
  .chain((name) =>
    name.endsWith('*') ? token.map((ending) => name.slice(0, -1) + ending) : fc.constant(name),
  )

describe('the scope of a request', () => {
  it('differs for headers that differ in one that is not known to be neutral', () => {
    fc.assert(
      fc.property(headers, unknown, value, fc.option(value), (common, name, one, other) => {
        fc.pre(one !== other)
        const { [name]: _own, ...rest } = common
        expect(shared({ ...rest, [name]: one }, other === null ? rest : { ...rest, [name]: other })).toBe(
          false,
        )
      }),
      { numRuns: 2_000 },
    )
  })

  it('is the same for equal headers, in any order and letter case', () => {
    fc.assert(
      fc.property(headers, (given) => {
        const reversed = Object.entries(given)
          .reverse()
          .map(([name, each]) => [name.toUpperCase(), each] as [string, string])
        expect(shared(given, reversed)).toBe(true)
      }),
    )
  })

  it('is the same for headers that differ only in neutral ones', () => {
    fc.assert(
      fc.property(
        headers,
        fc.dictionary(neutral, value),
        fc.dictionary(neutral, value),
        (common, one, other) => {
          const rest = Object.fromEntries(Object.entries(common).filter(([name]) => !isNeutral(name)))
          expect(shared({ ...rest, ...one }, { ...rest, ...other })).toBe(true)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('differs when text moves from a name to a value, or from one header to another', () => {
    expect(shared({ a: 'b', c: 'd' }, { a: 'b,c', d: '' })).toBe(false)
    expect(shared({ 'x-a': 'b"],["x-c","d' }, { 'x-a': 'b', 'x-c': 'd' })).toBe(false)
  })

  it('differs for a header that does not name an account, also with cache.scope', () => {
    expect(shared({ authorization: 'a', 'x-api-key': 'a' }, { authorization: 'b' }, 'team')).toBe(true)
    expect(shared({ 'openai-beta': 'one' }, { 'openai-beta': 'two' }, 'team')).toBe(false)
    expect(shared({ 'x-whatever': 'one' }, {}, 'team')).toBe(false)
  })
})

const reasonOf = async (harbor: Harbor, options: object = {}): Promise<string | undefined> =>
  receiptOf(await harbor.chat.completions.create(chat('Q'), options))?.cache?.reason

describe('a header that separates a call from a cached answer', () => {
  it('is named in the receipt and by explain(), and its value never is', async () => {
    const { baseURL } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { apiKey: 'SECRET-1', cache: true })
    const traced = (id: string) => ({ headers: { 'x-my-trace': id } })
    expect(await reasonOf(harbor, traced('SECRET-2'))).toBe('absent')
    expect(await reasonOf(harbor, traced('SECRET-3'))).toBe('absent: x-my-trace differs')
    expect(await reasonOf(harbor, traced('SECRET-3'))).toBe('fresh')
    expect(await reasonOf(harbor)).toBe('absent: x-my-trace differs')
    expect(await reasonOf(harbor.withOptions({ apiKey: 'SECRET-4' }))).toBe('absent: authorization differs')
    const explained = harbor.explain(chat('Q'))
    expect(explained.cacheIdentity).toEqual({
      headers: ['authorization'],
      separatedCalls: { 'x-my-trace': 2, authorization: 1 },
    })
    expect(JSON.stringify(explained)).not.toContain('SECRET')
  })

  it('is named through createHarborFetch, too', async () => {
    const { baseURL } = await serve(answerFor)
    const fetch = harborFetchFor({ cache: true })
    const send = async (session: string): Promise<string | undefined> => {
      const init = { method: 'POST', headers: { 'x-session': session }, body: JSON.stringify(chat('Q')) }
      return receiptOf(
        await fetch(`${baseURL}/chat/completions`, { ...init, headers: { ...init.headers, cookie: 'A' } }),
      )?.cache?.reason
    }
    expect([await send('one'), await send('two')]).toEqual(['absent', 'absent: x-session differs'])
  })

  it('is not named for another request', async () => {
    const { baseURL } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { cache: true })
    await ask(harbor, 'another question')
    expect(await reasonOf(harbor, { headers: { 'x-my-trace': '1' } })).toBe('absent')
  })

  it('is ignored once cache.ignoreHeaders names it, in any letter case or by its beginning', async () => {
    const { baseURL, requests } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { cache: { ignoreHeaders: ['X-My-Trace', 'x-vendor-*'] } })
    await reasonOf(harbor, { headers: { 'x-my-trace': '1', 'x-vendor-span': '1' } })
    expect(await reasonOf(harbor, { headers: { 'x-my-trace': '2', 'x-vendor-span': '2' } })).toBe('fresh')
    expect(await reasonOf(harbor, { headers: { 'x-other': '2' } })).toBe('absent: x-other differs')
    expect(requests).toHaveLength(2)
  })

  it('is ignored for embedding batches, too', async () => {
    const { baseURL, requests } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { embeddingBatch: true, cache: { ignoreHeaders: ['x-my-trace'] } })
    const embed = (input: string, headers: object) =>
      harbor.embeddings.create({ model: 'e', input, encoding_format: 'float' }, { headers: { ...headers } })
    await Promise.all([
      embed('a', { 'x-my-trace': '1', traceparent: '00-1' }),
      embed('b', { 'x-my-trace': '2', traceparent: '00-2' }),
    ])
    expect(requests).toHaveLength(1)
    await Promise.all([embed('c', { 'idempotency-key': '1' }), embed('d', { 'idempotency-key': '2' })])
    expect(requests).toHaveLength(3)
  })

  it('separates two variants within one cache.scope', async () => {
    const { baseURL } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { cache: { scope: 'team' } })
    await reasonOf(harbor, { ...perCall({ tags: ['t'] }), headers: { 'openai-beta': 'one' } })
    expect(await reasonOf(harbor, { headers: { 'openai-beta': 'two' } })).toBe('absent: openai-beta differs')
    expect(await harbor.cache.invalidateTag('t')).toBe(1)
  })

  it.each([[['']], [['with space']], ['x-a'], [[1]], [['a:b']]])('is refused as %j', (ignoreHeaders) => {
    expect(() => harborFor({ baseURL: 'http://127.0.0.1' }, { cache: { ignoreHeaders } as never })).toThrow(
      'cache.ignoreHeaders must be a list of header names',
    )
  })
})
