import { ApiError, type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { post } from '../../../test/wire.ts'
import { type Fault, startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new GoogleGenAI({
  apiKey: 'key',
  httpOptions: { baseUrl: `http://127.0.0.1:${provider.port}` },
})
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})

const model = 'gemini-2.5-flash'
const request = { model, contents: 'What is a harbour?' }
const body = { contents: [{ role: 'user', parts: [{ text: request.contents }] }] }
const path = `/models/${model}:generateContent`
const streamPath = `/models/${model}:streamGenerateContent`

/** The error of a call, with the JSON that the SDK puts into its message. */
async function failure(call: Promise<unknown>): Promise<{ status: number; error: Record<string, unknown> }> {
  const error: unknown = await call.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ApiError)
  const { status, message } = error as ApiError
  return {
    status,
    ...(JSON.parse(message.slice(message.indexOf('{'))) as { error: Record<string, unknown> }),
  }
}

async function streamed() {
  const chunks: GenerateContentResponse[] = []
  let error: unknown
  try {
    for await (const chunk of await client.models.generateContentStream(request)) chunks.push(chunk)
  } catch (thrown) {
    error = thrown
  }
  const text = chunks.map((chunk) => chunk.text ?? '').join('')
  return { text, reason: chunks.at(-1)?.candidates?.[0]?.finishReason, chunks, error }
}

describe('an error', () => {
  it.each([
    [400, 'INVALID_ARGUMENT'],
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [429, 'RESOURCE_EXHAUSTED'],
    [499, 'CANCELLED'],
    [500, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
  ])('of status %i is an ApiError with %s', async (status, name) => {
    provider.fail({ type: 'status', status })
    expect(await failure(client.models.generateContent(request))).toMatchObject({
      status,
      error: { code: status, status: name },
    })
  })

  it('carries the wait in RetryInfo and the code in ErrorInfo, and no header', async () => {
    provider.fail(
      { type: 'status', status: 429, retryAfter: 1_500, code: 'RATE_LIMIT_EXCEEDED' },
      { type: 'status', status: 429, retryAfter: '7' },
      { type: 'status', status: 429, retryAfter: 'soon' },
    )
    const answers = []
    for (let call = 0; call < 3; call++) answers.push(await post(provider, path, body))
    const details = answers.map(
      (answer) => (JSON.parse(answer.body) as { error: { details?: object[] } }).error.details ?? [],
    )
    expect(details).toMatchObject([
      [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMIT_EXCEEDED' },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
      ],
      [{ retryDelay: '7s' }],
      [],
    ])
    expect(answers.map(({ headers }) => headers['retry-after'])).toEqual([undefined, undefined, 'soon'])
  })

  it.each(['minute', 'day'] as const)('of a quota per %s names it in QuotaFailure', async (per) => {
    provider.fail({ type: 'quota', per, limit: 20 })
    const { status, error } = await failure(client.models.generateContent(request))
    expect(status).toBe(429)
    expect(error['details']).toMatchObject([
      {
        '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
        violations: [
          {
            quotaId: `GenerateRequestsPer${per === 'day' ? 'Day' : 'Minute'}PerProjectPerModel-FreeTier`,
            quotaValue: '20',
            quotaDimensions: { model },
          },
        ],
      },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36s' },
    ])
  })

  it.each<[Fault, object]>([
    [{ type: 'overloaded' }, { status: 503, error: { status: 'UNAVAILABLE' } }],
    [{ type: 'tier-unavailable' }, { status: 503, error: { status: 'UNAVAILABLE' } }],
    [{ type: 'spend-limit' }, { status: 429, error: { status: 'RESOURCE_EXHAUSTED' } }],
  ])('for the fault %j is the vendor’s own', async (fault, expected) => {
    provider.fail(fault)
    expect(await failure(client.models.generateContent(request))).toMatchObject(expected)
  })

  it('in a stream is one that the SDK raises, after the text so far', async () => {
    provider.fail({ type: 'stream-error', afterEvents: 3, errorType: 'UNAVAILABLE', message: 'Gone.' })
    const { text, error } = await streamed()
    expect(text).not.toBe('')
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 503, message: expect.stringContaining('Gone.') as string })
  })

  it.each([0, 2])('after %i elements ends a JSON array', async (afterEvents) => {
    provider.fail({ type: 'stream-error', afterEvents })
    const answer = await post(provider, streamPath, body)
    const elements = JSON.parse(answer.body) as object[]
    expect(elements).toHaveLength(afterEvents + 1)
    expect(elements.at(-1)).toMatchObject({ error: { code: 500, status: 'INTERNAL' } })
  })
})

describe('an end', () => {
  const reasons = ['RECITATION', 'LANGUAGE', 'SPII', 'MALFORMED_FUNCTION_CALL', 'OTHER', 'SOMETHING_NEW']
  it.each<[Fault, string]>([
    [{ type: 'length' }, 'MAX_TOKENS'],
    [{ type: 'content-filter' }, 'SAFETY'],
    [{ type: 'refusal', pieces: 3 }, 'PROHIBITED_CONTENT'],
    ...reasons.map((reason): [Fault, string] => [{ type: 'finish', reason }, reason]),
  ])('for the fault %j has the finish reason %s, after a part of the text', async (fault, reason) => {
    const { text } = await streamed()
    provider.fail(fault, fault)
    const whole = await client.models.generateContent(request)
    expect(whole.candidates?.[0]?.finishReason).toBe(reason)
    const cut = await streamed()
    expect(cut.reason).toBe(reason)
    expect(cut.text).toBe(whole.text)
    expect(text.startsWith(cut.text)).toBe(true)
    expect(cut.text.length).toBeLessThan(text.length)
  })

  it('of a blocked prompt is feedback without a candidate', async () => {
    const fault: Fault = { type: 'blocked-prompt', reason: 'BLOCKLIST' }
    provider.fail(fault, fault, fault)
    const whole = await client.models.generateContent(request)
    const { chunks } = await streamed()
    expect(chunks).toHaveLength(1)
    for (const answer of [whole, chunks[0]]) {
      expect(answer?.promptFeedback).toEqual({ blockReason: 'BLOCKLIST' })
      expect(answer?.candidates).toBeUndefined()
      expect(answer?.usageMetadata?.totalTokenCount).toBe(answer?.usageMetadata?.promptTokenCount)
    }
    expect(JSON.parse((await post(provider, streamPath, body)).body)).toHaveLength(1)
  })

  it('is missing for no-end, though the stream ends cleanly with all of the text', async () => {
    const { text } = await streamed()
    provider.fail({ type: 'no-end' }, { type: 'no-end' })
    expect(await streamed()).toMatchObject({ text, reason: undefined, error: undefined })
    const whole = await client.models.generateContent(request)
    expect([whole.text, whole.candidates?.[0]?.finishReason]).toEqual([text, undefined])
  })
})

describe('a request', () => {
  it.each([
    ['no contents', path, {}, 'contents is not specified'],
    ['no JSON', path, '{"contents":', 'Invalid JSON payload'],
    ['too many candidates', path, { ...body, generationConfig: { candidateCount: 9 } }, 'candidate count'],
    ['nothing to count', `/models/${model}:countTokens`, {}, 'contents'],
    ['nothing to embed', `/models/${model}:embedContent`, {}, 'content'],
    ['no requests', `/models/${model}:batchEmbedContents`, {}, 'requests'],
  ])('with %s is refused with 400', async (_, to, sent, message) => {
    const answer = await post(provider, to, sent)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { status: 'INVALID_ARGUMENT', message: expect.stringContaining(message) as string },
    })
  })

  it('is accepted with a key in a header, in the query or as a bearer token, and refused otherwise', async () => {
    provider.script({ apiKeys: ['right'] })
    const sent: [string, Record<string, string>][] = [
      [path, { 'x-goog-api-key': 'right' }],
      [`${path}?key=right`, {}],
      [path, { authorization: 'Bearer right' }],
      [path, { 'x-goog-api-key': 'wrong' }],
      [path, { authorization: 'Bearer wrong' }],
      [path, {}],
    ]
    const answers = await Promise.all(sent.map(([to, headers]) => post(provider, to, body, { headers })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 400, 401, 403])
    expect(answers[3]?.body).toContain('API_KEY_INVALID')
  })

  it('for an unknown model is refused with 404', async () => {
    provider.script({ models: ['gemini-2.5-pro'] })
    expect(await failure(client.models.generateContent(request))).toMatchObject({ status: 404 })
    expect(await failure(client.models.get({ model }))).toMatchObject({ status: 404 })
  })

  it('for an unknown path is refused in the shape of the vendor that its headers point to', async () => {
    const google = await post(provider, '/models/x:fly', body, { headers: { 'x-goog-api-key': 'key' } })
    expect(google.status).toBe(404)
    expect(google.body).toContain('"NOT_FOUND"')
    const anthropic = await post(provider, '/fly', body, { headers: { 'anthropic-version': '2023-06-01' } })
    expect(anthropic.body).toContain('"not_found_error"')
  })
})

it('refuses what goes beyond a rate limit with the quota and the wait, without headers', async () => {
  provider.script({ limits: { requestsPerMinute: 1 } })
  await client.models.generateContent(request)
  const { status, headers, body: text } = await post(provider, path, body)
  expect(status).toBe(429)
  expect(text).toContain('GenerateRequestsPerMinutePerProjectPerModel')
  expect(text).toMatch(/"retryDelay": "(59\.\d+|60)s"/)
  expect(Object.keys(headers).filter((name) => /ratelimit|retry/.test(name))).toEqual([])
  provider.script({ limits: { requestsPerMinute: 1, headers: 'none' } })
  await client.models.generateContent(request)
  expect((await post(provider, path, body)).body).not.toContain('retryDelay')
})
