import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { receiptOf, type Harbor, type HarborOptions, type Receipt } from '../src/index.ts'
import { chunk } from './gemini/gemini-client.ts'
import { MESSAGE, QUESTION } from './helpers/anthropic.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve, type UpstreamRequest } from './helpers/http-server.ts'
import { hello, serveByKey, type KeyAnswer } from './helpers/key-server.ts'

const FIRST = ['sk-one-SECRET-a', 'sk-one-SECRET-b', 'sk-one-SECRET-c', 'sk-one-SECRET-d']
const SECOND = ['sk-two-SECRET-a', 'sk-two-SECRET-b']
const of = (name: string): KeyAnswer => ({ status: 200, headers: { 'openai-organization': name } })

/** What the keys of two tenants are answered: of the first one, a key is revoked, one is out of quota, and two belong together. */
const ANSWERS: Record<string, KeyAnswer> = {
  'sk-one-SECRET-a': 401,
  'sk-one-SECRET-b': { status: 429, code: 'insufficient_quota' },
  'sk-one-SECRET-c': of('one'),
  'sk-one-SECRET-d': of('one'),
  'sk-two-SECRET-a': of('two'),
  'sk-two-SECRET-b': of('two'),
}

const withKeys = (
  baseURL: string,
  apiKey: readonly (string | (() => Promise<string>))[],
  more: HarborOptions = {},
) => harborFor({ baseURL }, { apiKey: undefined, providers: { openai: { apiKey } }, ...more })

describe('two tenants with lists of keys', () => {
  it('use only their own keys, and none that was refused is used again', async () => {
    const server = await serveByKey({ ...ANSWERS })
    const one = withKeys(server.baseURL, FIRST)
    const two = one.withOptions({ providers: { openai: { apiKey: SECOND } } })
    const ask = async (harbor: Harbor): Promise<string[]> => {
      const before = server.keys().length
      await harbor.chat.completions.create(hello('gpt-4'))
      return server.keys().slice(before)
    }
    expect(await ask(one)).toEqual(FIRST.slice(0, 3))
    for (let call = 0; call < 6; call++) {
      expect(FIRST.slice(2)).toContain((await ask(one)).join())
      expect(SECOND).toContain((await ask(two)).join())
    }
    expect(one.stats().targets['openai/gpt-4']?.keys).toBeDefined()
  })

  it('appear in no receipt, event, log line, error, statistic or explanation', async () => {
    const server = await serveByKey({ ...ANSWERS, 'sk-two-SECRET-a': 401, 'sk-two-SECRET-b': 500 })
    const seen: unknown[] = []
    const log = (...words: unknown[]): void => void seen.push(words)
    const one = withKeys(server.baseURL, [...FIRST.slice(0, 3), () => Promise.reject(new Error('closed'))], {
      limits: {},
      cache: true,
      fallback: ['openai/gpt-5'],
      retry: { baseDelayMs: 1 },
      logLevel: 'debug',
      logger: { debug: log, info: log, warn: log, error: log },
    })
    for (const event of ['call', 'attempt', 'retry', 'fallback', 'end', 'breaker'] as const)
      one.on(event, (told) => void seen.push(event, told))
    const two = one.withOptions({ providers: { openai: { apiKey: SECOND } } })
    const receipts: (Receipt | undefined)[] = []
    for (const harbor of [one, two, one, two]) {
      const call = harbor.chat.completions.create(hello('gpt-4', { user: 'u', temperature: 0 }))
      const result: object = await call.catch((error: unknown) => error as Error)
      receipts.push(receiptOf(result))
      seen.push(result, receiptOf(result), harbor.stats(), harbor.explain(hello('gpt-4')))
    }
    expect(receipts.flatMap((receipt) => receipt?.attempts ?? []).some(({ failure }) => failure)).toBe(true)
    expect(seen.length).toBeGreaterThan(40)
    const text = inspect(seen, { depth: Infinity, maxArrayLength: Infinity, showHidden: true, getters: true })
    expect(text).not.toContain('SECRET')
    expect(JSON.stringify(seen)).not.toContain('SECRET')
  })
})

describe('single flight with several keys', () => {
  it('joins callers of one list, also with functions in it, and not those of another list', async () => {
    const server = await serveByKey({})
    const token = (): Promise<string> => Promise.resolve('sk-one-token')
    const one = withKeys(server.baseURL, [...FIRST, token], { cache: true })
    const same = one.withOptions({ timeout: 9_000 })
    const two = one.withOptions({ providers: { openai: { apiKey: SECOND } } })
    const clients = [one, same, one, two, two]
    await Promise.all(
      clients.map((harbor) => harbor.chat.completions.create(hello('gpt-4', { temperature: 0 }))),
    )
    expect(
      server
        .keys()
        .map((key) => key.slice(0, 6))
        .toSorted(),
    ).toEqual(['sk-one', 'sk-two'])
  })
})

describe('combined embeddings with several keys', () => {
  const EMBEDDINGS = ({ body }: UpstreamRequest): object => {
    const { input } = JSON.parse(body) as { input: string[] }
    return { object: 'list', data: input.map((_, index) => ({ object: 'embedding', index, embedding: [1] })) }
  }

  it('contain the texts of one list only, and are sent again with another key', async () => {
    const server = await serveByKey({ 'sk-one-SECRET-a': 401 }, EMBEDDINGS)
    const one = withKeys(server.baseURL, FIRST, { embeddingBatch: true })
    const two = one.withOptions({ providers: { openai: { apiKey: SECOND } } })
    const embed = (harbor: Harbor, input: string) =>
      harbor.embeddings.create({ model: 'text-embedding-3-small', input })
    const texts = ['p', 'q', 'r']
    await Promise.all([
      ...texts.map((text) => embed(one, `one ${text}`)),
      ...texts.map((text) => embed(two, `two ${text}`)),
    ])
    expect(server.keys().toSorted()).toEqual(['sk-one-SECRET-a', 'sk-one-SECRET-b', 'sk-two-SECRET-a'])
    for (const request of server.requests) {
      const { input } = JSON.parse(request.body) as { input: string[] }
      const tenant = request.headers.authorization?.includes('one') === true ? 'one' : 'two'
      expect(input).toEqual(texts.map((text) => `${tenant} ${text}`))
    }
  })
})

describe('hedges with several keys', () => {
  it('sign each target with a key of its own list, and name the keys in the receipt', async () => {
    const server = await serve(({ headers }, response) => {
      // The first target never answers.
      if (headers.authorization?.includes('two') === true) sendJson(response, CHAT_ANSWER)
    })
    const harbor = harborFor(server, {
      apiKey: undefined,
      providers: { openai: { apiKey: FIRST }, other: { apiKey: SECOND, baseURL: server.baseURL } },
      fallback: ['other/gpt-4'],
      hedge: { afterMs: 20, maxExtraRatio: 1 },
    })
    const indexes: unknown[] = []
    for (let call = 0; call < 2; call++) {
      const receipt = receiptOf(await harbor.chat.completions.create(hello('gpt-4')))
      indexes.push(receipt?.attempts.map(({ target, keyIndex }) => [target, keyIndex]))
    }
    expect(indexes).toEqual([
      [
        ['openai/gpt-4', 0],
        ['other/gpt-4', 0],
      ],
      [
        ['openai/gpt-4', 1],
        ['other/gpt-4', 1],
      ],
    ])
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(
      [FIRST[0], SECOND[0], FIRST[1], SECOND[1]].map((key) => `Bearer ${key}`),
    )
  })
})

describe('what is stored for an account of Anthropic or Google', () => {
  const keyOf = ({ headers }: UpstreamRequest): unknown => headers['x-api-key'] ?? headers['x-goog-api-key']
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
  const image = { type: 'image', source: { type: 'file', file_id: 'file_1' } }

  it.each<[string, string, object]>([
    ['a container', '/v1/messages', { ...QUESTION, model: 'claude/m', container: 'container_1' }],
    [
      'an uploaded file',
      '/v1/messages',
      { ...QUESTION, model: 'claude/m', messages: [{ role: 'user', content: [image] }] },
    ],
    ['a thread', '/v1/messages', { ...QUESTION, model: 'claude/m', thread: { id: 't' } }],
    [
      'a credit for a refused request',
      '/v1/messages',
      { ...QUESTION, model: 'claude/m', fallback_credit_token: 't' },
    ],
    [
      'cached content',
      '/v1beta/models/gem%2Fm:generateContent',
      { contents, cachedContent: 'cachedContents/1' },
    ],
    ['a continuation token', '/v1beta/models/gem%2Fm:generateContent', { contents, continuationToken: 't' }],
    [
      'an uploaded file of Google',
      '/v1beta/models/gem%2Fm:generateContent',
      { contents: [{ parts: [{ fileData: { fileUri: 'files/1' } }] }] },
    ],
  ])('always uses the first key, and none after a refusal: %s', async (_what, path, body) => {
    let refuses = false
    const server = await serve((request, response) => {
      if (refuses)
        sendJson(response, { error: { type: 'authentication_error', code: 401, message: 'no' } }, 401)
      else sendJson(response, request.path.includes('/messages') ? MESSAGE : chunk('Hi', 'STOP'))
    })
    const apiKey = ['key-a', 'key-b', 'key-c']
    const harborFetch = harborFetchFor({
      providers: {
        claude: { kind: 'anthropic', apiKey, baseURL: server.origin },
        gem: { kind: 'google', apiKey, baseURL: server.origin },
      },
    })
    const send = async (): Promise<number> => {
      const answer = await harborFetch(server.origin + path, { method: 'POST', body: JSON.stringify(body) })
      await answer.text()
      return answer.status
    }
    for (let call = 0; call < 3; call++) expect(await send()).toBe(200)
    refuses = true
    expect(await send()).toBe(401)
    expect(server.requests.map(keyOf)).toEqual(['key-a', 'key-a', 'key-a', 'key-a'])
  })
})
