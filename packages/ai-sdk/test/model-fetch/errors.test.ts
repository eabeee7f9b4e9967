import {
  APICallError,
  InvalidPromptError,
  LoadAPIKeyError,
  NoSuchModelError,
  UnsupportedFunctionalityError,
} from '@ai-sdk/provider'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { clientOf, failureOf, HELLO } from './client.ts'

const PROMPT = 'the secret prompt'

function callError(facts: Partial<ConstructorParameters<typeof APICallError>[0]>): APICallError {
  return new APICallError({
    message: 'It failed.',
    url: 'https://api.example/v1',
    requestBodyValues: { prompt: PROMPT },
    ...facts,
  })
}

function failing(error: unknown): MockLanguageModelV4 {
  const fail = () => Promise.reject(error)
  return new MockLanguageModelV4({ doGenerate: fail, doStream: fail })
}

function answerTo(error: unknown, stream = false): Promise<Response> {
  return modelFetch(() => failing(error))('https://model.invalid/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ ...HELLO, stream }),
  })
}

describe('an APICallError of a model', () => {
  it.each([false, true])('keeps its status, wait, message, type and code (stream: %s)', async (stream) => {
    const response = await answerTo(
      callError({
        message: 'Slow down.',
        statusCode: 429,
        responseHeaders: { 'Retry-After': '7', 'x-request-id': 'r1', 'set-cookie': 'a=b', 'x-odd': 'ü' },
        responseBody:
          '{"error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"Slow down."}}',
      }),
      stream,
    )
    expect(response.status).toBe(429)
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'application/json',
      'retry-after': '7',
      'x-request-id': 'r1',
    })
    expect(await response.json()).toEqual({
      error: { message: 'Slow down.', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' },
    })
  })

  it('becomes the error class of the OpenAI client, with the word of Google’s status as its code', async () => {
    const data = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota.' } }
    const error = await failureOf(
      clientOf(failing(callError({ statusCode: 429, data }))).chat.completions.create(HELLO),
    )
    expect(error).toMatchObject({ status: 429, code: 'RESOURCE_EXHAUSTED' })
  })

  it('repeats no key, no control character, and at most 1,000 characters', async () => {
    const message = `Incorrect API key provided: sk-proj-abcd****wxyz.\u0000${'x'.repeat(5_000)}`
    const text = await (await answerTo(callError({ statusCode: 401, message }))).text()
    expect(text).toContain('Incorrect API key provided: ***')
    expect(text).not.toContain('abcd')
    expect(text.length).toBeLessThan(1_200)
  })

  it('with a status of success is a malformed answer', async () => {
    const response = await answerTo(callError({ statusCode: 200, message: 'Invalid JSON response' }))
    expect([response.status, await response.json()]).toMatchObject([
      502,
      { error: { code: 'malformed_answer' } },
    ])
  })

  it('without an answer is a rejection, whose cause is the error of the network and not the request', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const wrapped = new TypeError('fetch failed', { cause: refused })
    const error = await failureOf(answerTo(callError({ message: 'Cannot connect to API', cause: wrapped })))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ cause: refused })
  })
})

describe('another error of a model', () => {
  it.each<[Error, number, string]>([
    [new UnsupportedFunctionalityError({ functionality: 'image URLs' }), 400, 'unsupported_by_model'],
    [new LoadAPIKeyError({ message: PROMPT }), 401, 'invalid_api_key'],
    [new NoSuchModelError({ modelId: 'm', modelType: 'languageModel' }), 404, 'model_not_found'],
    [new InvalidPromptError({ prompt: PROMPT, message: PROMPT }), 400, 'invalid_request'],
    [new Error(PROMPT), 500, 'model_error'],
  ])('is answered in OpenAI’s format, without its content: %s', async (error, status, code) => {
    const response = await answerTo(error)
    const text = await response.text()
    expect(response.status).toBe(status)
    expect(text).toContain(`"code":"${code}"`)
    expect(text).not.toContain(PROMPT)
  })

  it('is a rejection when it is one of the network', async () => {
    const reset = Object.assign(new Error('read'), { code: 'ECONNRESET' })
    expect(await failureOf(answerTo(reset))).toMatchObject({ name: 'TypeError', cause: reset })
  })
})

describe('an error of Google', () => {
  const RETRY = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '20s' }
  const google = (...details: object[]) =>
    answerTo(
      callError({
        statusCode: 429,
        responseBody: JSON.stringify({
          error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota.', details },
        }),
      }),
    )

  it('has the wait of its body in a header', async () => {
    const response = await google(RETRY)
    expect(response.headers.get('retry-after-ms')).toBe('20000')
    expect(await response.json()).toMatchObject({ error: { code: 'RESOURCE_EXHAUSTED' } })
  })

  it('has the code of a used-up quota when a quota of a day is exhausted', async () => {
    const response = await google(RETRY, {
      violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }],
    })
    expect(await response.json()).toMatchObject({ error: { code: 'insufficient_quota' } })
  })
})
