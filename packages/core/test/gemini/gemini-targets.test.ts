import { GoogleGenAI } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { receiptOf } from '../../src/index.ts'
import { sendJson, serve } from '../helpers/http-server.ts'
import { chunk, event, geminiFor, MODEL, readStream, sendEvents } from './gemini-client.ts'

const WHOLE = [event(chunk('Hel')), event(chunk('lo', 'STOP'))]
const BUSY = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }
const exhausted = (quotaId: string) => ({
  error: {
    code: 429,
    message: 'You exceeded your current quota.',
    status: 'RESOURCE_EXHAUSTED',
    details: [{ violations: [{ quotaId, quotaValue: '20' }] }, { retryDelay: '36s' }],
  },
})
const contents = 'Hi'
/** The answer to either kind of request. */
const SPARE = 'gemini-2.5-flash'

describe("a call of Gemini's SDK", () => {
  it('goes on at another provider: model in the path, key in a header, version and stream flag of the caller', async () => {
    const spare = await serve((_request, response) => sendEvents(response, WHOLE))
    const { harborFetch, origin, requests } = await geminiFor(
      (_request, response) => sendJson(response, BUSY, 503),
      {
        providers: { spare: { kind: 'google', apiKey: 'k2', baseURL: `${spare.origin}/deep/v1beta/` } },
        fallback: { [`google/${MODEL}`]: [`spare/${SPARE}`] },
        attemptsBeforeFallback: 1,
      },
    )
    const genai = new GoogleGenAI({
      apiKey: 'secret',
      httpOptions: { baseUrl: origin, fetch: harborFetch, headers: { 'x-goog-user-project': 'mine' } },
    })
    expect(await readStream(genai)).toMatchObject({ text: 'Hello' })
    expect(requests).toHaveLength(1)
    expect(spare.requests).toMatchObject([
      { path: `/deep/v1/models/${SPARE}:streamGenerateContent?alt=sse`, headers: { 'x-goog-api-key': 'k2' } },
    ])
    expect(JSON.stringify(spare.requests)).not.toMatch(/secret|mine/)
  })

  it('takes its key out of the query on the way to another provider', async () => {
    const spare = await serve((_request, response) => sendJson(response, chunk('Hello', 'STOP')))
    const { harborFetch, origin } = await geminiFor((_request, response) => sendJson(response, BUSY, 503), {
      providers: { spare: { kind: 'google', apiKey: 'k2', baseURL: spare.origin } },
      fallback: { [`google/${MODEL}`]: [`spare/${SPARE}`] },
      attemptsBeforeFallback: 1,
    })
    const response = await harborFetch(`${origin}/v1beta/models/${MODEL}:generateContent?key=secret`, {
      method: 'POST',
      body: JSON.stringify({ contents: [] }),
    })
    expect(response.status).toBe(200)
    expect(spare.requests).toMatchObject([{ path: `/v1beta/models/${SPARE}:generateContent` }])
    expect(JSON.stringify([spare.requests, receiptOf(response)])).not.toContain('secret')
  })

  it('with a continuation token stays at its provider: repeated after a refusal, not after a cut', async () => {
    const spare = await serve((_request, response) => sendEvents(response, WHOLE))
    let mode: 'refuse-once' | 'cut' = 'refuse-once'
    const { genai, requests } = await geminiFor(
      (_request, response, call) => {
        if (mode === 'refuse-once' && call === 1) sendJson(response, BUSY, 503)
        else if (mode === 'cut') response.destroy()
        else sendEvents(response, WHOLE)
      },
      {
        providers: { spare: { kind: 'google', apiKey: 'k2', baseURL: spare.origin } },
        fallback: { [`google/${MODEL}`]: [`spare/${SPARE}`] },
        hedge: { afterMs: 1 },
        cache: { when: 'always' },
      },
    )
    const config = { continuationToken: 'dG9rZW4=', automaticContinuation: false, temperature: 0 }
    expect(await readStream(genai, config)).toMatchObject({ text: 'Hello', error: undefined })
    expect(requests).toHaveLength(2)
    mode = 'cut'
    expect((await readStream(genai, config)).error).toBeDefined()
    expect(requests).toHaveLength(3)
    expect(spare.requests).toHaveLength(0)
  })

  it.each([
    ['its daily quota of one model', 'GenerateRequestsPerDayPerProjectPerModel', [SPARE]],
    ['a daily quota of the account', 'RequestsPerDayPerProject', []],
  ])(
    'makes one request when %s is used up, and passes the target over until midnight',
    async (_, quotaId, served) => {
      const spare = await serve((_request, response) => sendJson(response, chunk('Hello', 'STOP')))
      const { genai, requests, receipts } = await geminiFor(
        ({ path }, response) => {
          if (path.includes(SPARE)) sendJson(response, chunk('Hello', 'STOP'))
          else sendJson(response, exhausted(quotaId), 429)
        },
        {
          providers: { spare: { kind: 'google', apiKey: 'k2', baseURL: spare.origin } },
          fallback: { [`google/${MODEL}`]: [`google/${SPARE}`, `spare/${MODEL}`] },
        },
      )
      for (let call = 0; call < 2; call++)
        expect((await genai.models.generateContent({ model: MODEL, contents })).text).toBe('Hello')
      expect(receipts[0]?.attempts[0]?.failure).toMatchObject({ kind: 'quota', code: 'RESOURCE_EXHAUSTED' })
      expect(receipts[0]?.attempts[0]?.failure?.retryAfterMs).toBeGreaterThan(36_000)
      expect(requests.filter(({ path }) => path.includes(MODEL))).toHaveLength(1)
      expect(requests.filter(({ path }) => path.includes(SPARE))).toHaveLength(served.length * 2)
      expect(receipts[1]?.skipped[0]).toMatchObject({ target: `google/${MODEL}` })
    },
  )

  it.each([
    [
      'an invalid key',
      400,
      { status: 'INVALID_ARGUMENT', message: 'Bad.', details: [{ reason: 'API_KEY_INVALID' }] },
      'auth',
    ],
    [
      'a prompt that is too long',
      400,
      {
        status: 'INVALID_ARGUMENT',
        message: 'The input token count (2) exceeds the maximum number of tokens allowed (1).',
      },
      'context-length',
    ],
    ['an unknown model', 404, { status: 'NOT_FOUND', message: 'models/x is not found.' }, 'not-found'],
    ['no permission', 403, { status: 'PERMISSION_DENIED', message: 'No.' }, 'auth'],
    ['an invalid request', 400, { status: 'INVALID_ARGUMENT', message: 'No.' }, 'bad-request'],
  ])('gets its own error for %s, after one request', async (_, status, error, kind) => {
    const { genai, requests, receipts } = await geminiFor((_request, response) =>
      sendJson(response, [{ error: { code: status, ...error } }], status),
    )
    const asking = genai.models.generateContent({ model: MODEL, contents })
    await expect(asking).rejects.toMatchObject({ name: 'ApiError', status })
    expect(requests).toHaveLength(1)
    expect(receipts[0]?.attempts[0]?.failure).toMatchObject({ kind })
  })

  it('gets an error under status 200 with the status that fits it', async () => {
    const { genai, requests } = await geminiFor((_request, response, call) =>
      sendJson(response, call < 3 ? [BUSY, BUSY].slice(0, call) : chunk('Hello', 'STOP')),
    )
    expect((await genai.models.generateContent({ model: MODEL, contents })).text).toBe('Hello')
    expect(requests).toHaveLength(3)
    const denied = { error: { code: 403, message: 'No.', status: 'PERMISSION_DENIED' } }
    const other = await geminiFor((_request, response) => sendJson(response, denied))
    await expect(other.genai.models.generateContent({ model: MODEL, contents })).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('PERMISSION_DENIED') as string,
    })
  })

  it("gets Harbor's own errors as its own, with their code", async () => {
    const { genai, harborFetch } = await geminiFor((_request, response) =>
      sendJson(response, chunk('Hello', 'STOP')),
    )
    await harborFetch.close()
    await expect(genai.models.generateContent({ model: MODEL, contents })).rejects.toMatchObject({
      name: 'ApiError',
      status: 503,
      message: expect.stringContaining('client_closed') as string,
    })
  })

  it('is answered by the last resort, as a whole and as a stream', async () => {
    const { genai, receipts } = await geminiFor((_request, response) => sendJson(response, BUSY, 503), {
      lastResort: ({ operation }) => (operation === 'generateContent' ? 'Later.' : undefined),
    })
    expect((await genai.models.generateContent({ model: MODEL, contents })).text).toBe('Later.')
    expect(await readStream(genai)).toEqual({ text: 'Later.', chunks: 1, error: undefined })
    expect(receipts).toMatchObject([{ degraded: true }, { degraded: true }])
  })

  it('embeds contents, and is repeated when vectors are missing', async () => {
    const vector = { values: [0.25, -0.5] }
    const { genai, requests, receipts } = await geminiFor((_request, response, call) =>
      sendJson(response, {
        embeddings: call === 1 ? [vector] : [vector, vector],
        usageMetadata: { promptTokenCount: 6, totalTokenCount: 6 },
      }),
    )
    const answer = await genai.models.embedContent({ model: 'gemini-embedding-001', contents: ['a', 'b'] })
    expect(answer.embeddings).toEqual([vector, vector])
    expect(requests).toHaveLength(2)
    expect(receipts).toMatchObject([
      {
        operation: 'embedContent',
        model: 'gemini-embedding-001',
        usage: { inputTokens: 6, outputTokens: 0 },
      },
    ])
  })
})

describe("the cache of Gemini's answers", () => {
  const body = JSON.stringify({
    contents: [{ parts: [{ text: 'Hi' }] }],
    generationConfig: { temperature: 0 },
  })
  const post = (headers: Record<string, string> = {}): RequestInit => ({ method: 'POST', headers, body })

  it('has the model of the path in its key, and is separate for every credential', async () => {
    const { harborFetch, origin, requests } = await geminiFor(
      (_request, response) => sendJson(response, chunk('Hello', 'STOP')),
      {
        cache: true,
      },
    )
    const ask = async (query: string, headers?: Record<string, string>, model = MODEL) => {
      const response = await harborFetch(
        `${origin}/v1beta/models/${model}:generateContent${query}`,
        post(headers),
      )
      await response.text()
      return receiptOf(response)?.cache?.status
    }
    const callers: readonly [string, Record<string, string>][] = [
      ['?key=a', {}],
      ['?key=b', {}],
      ['', { 'x-goog-api-key': 'a' }],
      ['', { 'x-goog-api-key': 'b' }],
      ['', { authorization: 'Bearer a' }],
      ['', { authorization: 'Bearer a', 'x-goog-user-project': 'p' }],
    ]
    for (const [query, headers] of callers) expect(await ask(query, headers)).toBe('miss')
    for (const [query, headers] of callers) expect(await ask(query, headers)).toBe('hit')
    expect(await ask('?key=a', {}, SPARE)).toBe('miss')
    expect(await ask('?key=a', { 'x-goog-api-client': 'other', 'x-server-timeout': '9' })).toBe('hit')
    expect(requests).toHaveLength(callers.length + 1)
  })

  it('is shared by callers of one scope, whatever their keys', async () => {
    const { harborFetch, origin, requests } = await geminiFor(
      (_request, response) => sendJson(response, chunk('Hello', 'STOP')),
      {
        cache: { scope: 'team' },
      },
    )
    for (const query of ['?key=a', '?key=b', ''])
      await (await harborFetch(`${origin}/v1beta/models/${MODEL}:generateContent${query}`, post())).text()
    expect(requests).toHaveLength(1)
  })

  it.each(['MAX_TOKENS', 'SAFETY', 'CONTINUATION', 'SOMETHING_NEW'])(
    'does not hold an answer that ended with %s',
    async (reason) => {
      const { genai, requests } = await geminiFor(
        (_request, response) => sendJson(response, chunk('Hello', reason)),
        { cache: true },
      )
      const config = { temperature: 0, automaticContinuation: false }
      for (let call = 0; call < 2; call++)
        await genai.models.generateContent({ model: MODEL, contents, config })
      expect(requests).toHaveLength(2)
    },
  )

  it('replays a stream byte for byte', async () => {
    const { genai, requests } = await geminiFor((_request, response) => sendEvents(response, WHOLE), {
      cache: true,
    })
    for (let call = 0; call < 2; call++)
      expect(await readStream(genai, { temperature: 0 })).toEqual({
        text: 'Hello',
        chunks: 2,
        error: undefined,
      })
    expect(requests).toHaveLength(1)
  })
})

describe("a key in the URL of Gemini's request", () => {
  it('appears in no log, error, receipt or event', async () => {
    const lines: unknown[] = []
    const log = (...words: unknown[]): void => void lines.push(words.map(String))
    const { harborFetch } = await geminiFor(() => undefined, {
      logLevel: 'debug',
      logger: { debug: log, info: log, warn: log, error: log },
      retry: { maxAttempts: 2, baseDelayMs: 1 },
    })
    const failed: unknown = await harborFetch(
      `http://127.0.0.1:1/v1/models/${MODEL}:generateContent?key=sEcReT`,
      {
        method: 'POST',
        body: JSON.stringify({ contents: [] }),
      },
    ).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(Error)
    const shown = JSON.stringify([
      lines,
      receiptOf(failed),
      harborFetch.stats(),
      String((failed as Error).stack),
      String((failed as Error).cause),
    ])
    expect(shown).not.toContain('sEcReT')
  })
})
