import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { post } from '../../../test/wire.ts'
import { type Fault, startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const origin = `http://127.0.0.1:${provider.port}`
const client = new Anthropic({ apiKey: 'key', baseURL: origin, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})

const model = 'claude-sonnet-4-6'
const messages = [{ role: 'user' as const, content: 'What is a harbour?' }]
const request = { model, max_tokens: 500, messages }
const headers = { 'anthropic-version': '2023-06-01' }

async function streamed(): Promise<{ text: string; reason: string | null; error: unknown }> {
  const seen = { text: '', reason: null as string | null, error: undefined as unknown }
  try {
    for await (const event of await client.messages.create({ ...request, stream: true })) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
        seen.text += event.delta.text
      if (event.type === 'message_delta') seen.reason = event.delta.stop_reason
    }
  } catch (error) {
    seen.error = error
  }
  return seen
}

describe('an error', () => {
  it.each([
    [400, Anthropic.BadRequestError, 'invalid_request_error'],
    [401, Anthropic.AuthenticationError, 'authentication_error'],
    [403, Anthropic.PermissionDeniedError, 'permission_error'],
    [404, Anthropic.NotFoundError, 'not_found_error'],
    [409, Anthropic.ConflictError, 'conflict_error'],
    [422, Anthropic.UnprocessableEntityError, 'invalid_request_error'],
    [429, Anthropic.RateLimitError, 'rate_limit_error'],
    [500, Anthropic.InternalServerError, 'api_error'],
    [402, Anthropic.APIError, 'billing_error'],
    [413, Anthropic.APIError, 'request_too_large'],
    [504, Anthropic.InternalServerError, 'timeout_error'],
    [529, Anthropic.InternalServerError, 'overloaded_error'],
  ])('of status %i is the one that the SDK raises for it', async (status, type, name) => {
    provider.fail({ type: 'status', status })
    const error = await client.messages.create(request).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({ status, type: name, requestID: expect.stringMatching(/^req_/) as string })
  })

  it('has the code, the type, the message and the wait that a fault sets', async () => {
    provider.fail({
      type: 'status',
      status: 429,
      code: 'ramp_limit_exceeded',
      message: 'Slower.',
      retryAfter: '7',
    })
    const error = await client.messages.create(request).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      error: {
        error: {
          type: 'rate_limit_error',
          message: 'Slower.',
          details: { error_code: 'ramp_limit_exceeded' },
        },
      },
    })
    expect((error as InstanceType<typeof Anthropic.APIError>).headers?.get('retry-after')).toBe('7')
  })

  it.each<[Fault, object]>([
    [{ type: 'overloaded' }, { status: 529, type: 'overloaded_error' }],
    [{ type: 'tier-unavailable' }, { status: 529 }],
    [
      { type: 'quota', per: 'minute' },
      { status: 429, type: 'rate_limit_error' },
    ],
    [
      { type: 'spend-limit' },
      { status: 429, error: { error: { details: { error_code: 'enforced_spend_limit_reached' } } } },
    ],
  ])('for the fault %j is the vendor’s own', async (fault, expected) => {
    provider.fail(fault)
    await expect(client.messages.create(request)).rejects.toMatchObject(expected)
  })

  it('says when to try again after a quota of a minute, and not after the spend limit', async () => {
    provider.fail({ type: 'quota', per: 'minute' }, { type: 'spend-limit' })
    const waits = [1, 2].map(() => post(provider, '/messages', request, { headers }))
    expect((await Promise.all(waits)).map((answer) => answer.headers['retry-after'])).toEqual([
      '36',
      undefined,
    ])
  })

  it('in a stream is one that the SDK raises, after the text so far', async () => {
    provider.fail({ type: 'stream-error', afterEvents: 5, errorType: 'overloaded_error' })
    const { text, error } = await streamed()
    expect(text).not.toBe('')
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({
      type: 'overloaded_error',
      message: expect.stringContaining('Overloaded') as string,
    })
  })

  it('of status 200 has the shape of an error', async () => {
    provider.fail({ type: 'error-200' })
    const { status, body } = await post(provider, '/messages', request, { headers })
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  })
})

describe('an end', () => {
  it.each<[Fault, string]>([
    [{ type: 'length' }, 'max_tokens'],
    [{ type: 'content-filter' }, 'refusal'],
    [{ type: 'finish', reason: 'pause_turn' }, 'pause_turn'],
    [{ type: 'finish', reason: 'model_context_window_exceeded' }, 'model_context_window_exceeded'],
  ])('for the fault %j has the stop reason %s, after a part of the text', async (fault, reason) => {
    const { text } = await streamed()
    provider.fail(fault, fault)
    const whole = await client.messages.create(request)
    expect(whole.stop_reason).toBe(reason)
    const cut = await streamed()
    expect(cut.reason).toBe(reason)
    expect(cut.text.length).toBeLessThan(text.length)
    expect(text.startsWith(cut.text)).toBe(true)
    expect(whole.content).toMatchObject([{ text: cut.text }])
  })

  it.each<[Fault, number]>([
    [{ type: 'refusal', category: 'bio' }, 0],
    [{ type: 'refusal', category: 'bio', pieces: 2 }, 1],
    [{ type: 'blocked-prompt' }, 0],
  ])('for the fault %j is a refusal with its details', async (fault, blocks) => {
    provider.fail(fault, fault)
    const whole = await client.messages.create(request)
    const stream = await client.messages.stream(request).finalMessage()
    for (const answer of [whole, stream]) {
      expect(answer.stop_reason).toBe('refusal')
      expect(answer.content).toHaveLength(blocks)
      expect(answer.stop_details).toMatchObject({
        type: 'refusal',
        category: fault.type === 'refusal' ? 'bio' : 'cyber',
      })
    }
  })

  it('is missing for no-end: the iterator ends cleanly, the helper throws', async () => {
    const { text } = await streamed()
    provider.fail({ type: 'no-end' }, { type: 'no-end' }, { type: 'no-end' })
    expect(await streamed()).toEqual({ text, reason: null, error: undefined })
    await expect(client.messages.stream(request).finalMessage()).rejects.toThrow('stream ended')
    expect(await client.messages.create(request)).toMatchObject({ stop_reason: null, content: [{ text }] })
  })
})

describe('a request', () => {
  it.each([
    ['no version', {}, request, 'anthropic-version'],
    ['no max_tokens', headers, { model, messages }, 'max_tokens: Field required'],
    ['no messages', headers, { model, max_tokens: 5 }, 'messages: Field required'],
    ['empty messages', headers, { ...request, messages: [] }, 'at least one message'],
    [
      'an unknown role',
      headers,
      { ...request, messages: [{ role: 'tool', content: '' }] },
      'messages.0.role',
    ],
    ['no model', headers, { max_tokens: 5, messages }, 'model: Field required'],
    ['no JSON', headers, '{"model":', 'not valid JSON'],
    ['temperature', { 'anthropic-version': '2026-10-21' }, { ...request, temperature: 1 }, 'temperature'],
    [
      'thoughts longer than the answer',
      headers,
      { ...request, thinking: { type: 'enabled', budget_tokens: 500 } },
      'budget_tokens',
    ],
    [
      'a last message of the assistant',
      headers,
      { ...request, messages: [...messages, { role: 'assistant', content: 'It is' }] },
      'does not support assistant message prefill',
    ],
  ])('with %s is refused with 400', async (_, sent, body, message) => {
    const answer = await post(provider, '/messages', body, { headers: sent })
    expect(answer.status).toBe(400)
    const { error } = JSON.parse(answer.body) as { error: { type: string; message: string } }
    expect(error.type).toBe('invalid_request_error')
    expect(error.message).toContain(message)
  })

  it('may set the temperature in older versions, and prefill older models', async () => {
    const prefilled = [...messages, { role: 'assistant', content: 'It is' }]
    for (const old of [
      'claude-sonnet-4-5-20250929',
      'claude-opus-4-20250514',
      'claude-3-7-sonnet-20250219',
    ]) {
      const body = { ...request, model: old, temperature: 1, messages: prefilled }
      expect((await post(provider, '/messages', body, { headers })).status).toBe(200)
    }
  })

  it('is refused for a wrong or missing key, and accepted with x-api-key or a bearer token', async () => {
    provider.script({ apiKeys: ['right'] })
    const answers = await Promise.all(
      [{}, { 'x-api-key': 'wrong' }, { 'x-api-key': 'right' }, { authorization: 'Bearer right' }].map((key) =>
        post(provider, '/messages', request, { headers: { ...headers, ...key } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 200, 200])
    expect(answers[1]?.body).toContain('"authentication_error"')
  })

  it('for an unknown model is refused with 404', async () => {
    provider.script({ models: ['claude-opus-4-6'] })
    await expect(client.messages.create(request)).rejects.toThrow(Anthropic.NotFoundError)
    const list = await client.models.list()
    expect(list.data.map(({ id }) => id)).toEqual(['claude-opus-4-6'])
    expect(await client.models.retrieve('claude-opus-4-6')).toMatchObject({ type: 'model' })
    await expect(client.models.retrieve(model)).rejects.toThrow(Anthropic.NotFoundError)
  })
})

describe('a rate limit', () => {
  it('is reported in Anthropic’s headers, tokens to the thousand, and resets at a time in RFC 3339', async () => {
    provider.script({
      limits: { requestsPerMinute: 10, inputTokensPerMinute: 20_000, outputTokensPerMinute: 8_000 },
    })
    const answer = await post(provider, '/messages', request, { headers })
    expect(answer.headers).toMatchObject({
      'anthropic-ratelimit-requests-limit': '10',
      'anthropic-ratelimit-requests-remaining': '9',
      'anthropic-ratelimit-input-tokens-limit': '20000',
      'anthropic-ratelimit-output-tokens-remaining': '8000',
      'anthropic-ratelimit-tokens-limit': '8000',
    })
    const reset = answer.headers['anthropic-ratelimit-requests-reset']
    expect(reset).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  it('refuses with 429 and retry-after what goes beyond it', async () => {
    provider.script({ limits: { requestsPerMinute: 1 } })
    await client.messages.create(request)
    const error = await client.messages.create(request).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Anthropic.RateLimitError)
    expect((error as InstanceType<typeof Anthropic.APIError>).headers?.get('retry-after')).toMatch(
      /^(59|60)$/,
    )
    expect(await client.messages.countTokens({ model, messages })).toBeDefined()
  })
})

it('lets rules name its operations, the stream and the model', async () => {
  provider.script({
    rules: [
      { when: { operation: 'count-tokens' }, fault: { type: 'status', status: 500 } },
      { when: { operation: 'messages', stream: true, model }, fault: { type: 'overloaded' } },
    ],
  })
  await expect(client.messages.countTokens({ model, messages })).rejects.toThrow(
    Anthropic.InternalServerError,
  )
  expect((await streamed()).error).toMatchObject({ status: 529 })
  expect(await client.messages.create(request)).toBeDefined()
})
