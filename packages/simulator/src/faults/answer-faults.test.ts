import OpenAI from 'openai'
import { afterAll, describe, expect, it } from 'vitest'
import { chat, chatStream, eventsOf, post } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())

const messages = [{ role: 'user' as const, content: 'Hello' }]

describe('a status fault', () => {
  it('sends the error that OpenAI sends with its status', async () => {
    const errors = [
      [401, OpenAI.AuthenticationError, 'invalid_api_key'],
      [404, OpenAI.NotFoundError, 'model_not_found'],
      [429, OpenAI.RateLimitError, 'rate_limit_exceeded'],
      [500, OpenAI.InternalServerError, null],
      [503, OpenAI.InternalServerError, null],
      [529, OpenAI.InternalServerError, null],
    ] as const
    for (const [status, error, code] of errors) {
      provider.fail({ type: 'status', status })
      const failure = await client.models.list().catch((reason: unknown) => reason)
      expect(failure).toBeInstanceOf(error)
      expect(failure).toMatchObject({ status, code, type: expect.any(String) as string, param: null })
    }
  })

  it('sends the given code, type and message: quota, context length, content filter', async () => {
    for (const [status, code] of [
      [429, 'insufficient_quota'],
      [400, 'context_length_exceeded'],
      [400, 'content_filter'],
    ] as const) {
      provider.fail({ type: 'status', status, code, errorType: 'some_type', message: `told: ${code}` })
      await expect(client.models.list()).rejects.toMatchObject({
        status,
        code,
        type: 'some_type',
        message: expect.stringContaining(`told: ${code}`) as string,
      })
    }
  })

  it('sends Retry-After in every format', async () => {
    provider.fail(
      { type: 'status', status: 429, retryAfter: '2' },
      { type: 'status', status: 429, retryAfter: 1_500 },
      { type: 'status', status: 429, retryAfter: { dateInMs: 5_000 } },
      { type: 'status', status: 429, headers: { 'X-RateLimit-Reset-Tokens': '6m0s' } },
    )
    const answers = [await chat(provider), await chat(provider), await chat(provider), await chat(provider)]
    const [seconds, milliseconds, date, own] = answers.map((answer) => answer.headers)
    expect(seconds).toMatchObject({ 'retry-after': '2' })
    expect(milliseconds).toMatchObject({ 'retry-after-ms': '1500' })
    const wait = Date.parse(date?.['retry-after'] ?? '') - Date.now()
    expect(wait).toBeGreaterThan(2_000)
    expect(wait).toBeLessThanOrEqual(5_000)
    expect(own).toMatchObject({ 'x-ratelimit-reset-tokens': '6m0s' })
    expect(own).not.toHaveProperty('retry-after')
  })

  it('sends the error page of a proxy, or any other body', async () => {
    provider.fail(
      { type: 'status', status: 502, html: true },
      { type: 'status', status: 500, body: 'upstream: no', headers: { 'Content-Type': 'text/plain' } },
    )
    const page = await chat(provider)
    expect([page.status, page.headers['content-type']]).toEqual([502, 'text/html'])
    expect(page.body).toMatch(/^<!DOCTYPE html>/)
    const plain = await chat(provider)
    expect([plain.body, plain.headers['content-type']]).toEqual(['upstream: no', 'text/plain'])
  })
})

it('answers a request for a stream with JSON for json-for-stream', async () => {
  provider.fail({ type: 'json-for-stream' })
  const { status, headers, body } = await chatStream(provider)
  expect([status, headers['content-type']]).toEqual([200, 'application/json'])
  expect(JSON.parse(body)).toMatchObject({ object: 'chat.completion' })
})

it('sends an error with status 200 for error-200', async () => {
  provider.fail({ type: 'error-200', code: 'overloaded', message: 'no' })
  const { status, body } = await chat(provider)
  expect(status).toBe(200)
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'overloaded', message: 'no' } })
})

it('sends an HTML page for html-200', async () => {
  provider.fail({ type: 'html-200' })
  const { status, headers, body } = await chat(provider)
  expect([status, headers['content-type']]).toEqual([200, 'text/html'])
  expect(body).toContain('<html>')
})

it('sends an empty body with the right content type for empty-body', async () => {
  provider.fail({ type: 'empty-body' }, { type: 'empty-body' })
  expect(await chat(provider)).toMatchObject({ status: 200, body: '', ended: 'whole' })
  const { body, headers } = await chatStream(provider)
  expect([body, headers['content-type']]).toEqual(['', 'text/event-stream; charset=utf-8'])
})

it('sends truncated JSON with a matching content-length for broken-json', async () => {
  provider.fail({ type: 'broken-json' })
  const { status, headers, bytes, body, ended } = await chat(provider)
  expect([status, ended, headers['content-length']]).toEqual([200, 'whole', String(bytes.length)])
  expect(body).toMatch(/^\{"id":"chatcmpl-/)
  expect(() => JSON.parse(body) as unknown).toThrow(SyntaxError)
})

it('sends a good answer of the given size for huge-body', async () => {
  provider.fail({ type: 'huge-body', bytes: 3_000_000 }, { type: 'huge-body', bytes: 3_000_000 })
  const { body } = await chat(provider)
  expect(body.length).toBeGreaterThan(3_000_000)
  expect(JSON.parse(body)).toMatchObject({ object: 'chat.completion' })
  const events = eventsOf((await chatStream(provider)).body)
  expect(events[0]?.length).toBeGreaterThan(3_000_000)
  expect(JSON.parse(events[0] ?? '')).toMatchObject({ object: 'chat.completion.chunk' })
})

it('sends a good answer as text for wrong-content-type', async () => {
  provider.fail(
    { type: 'wrong-content-type' },
    { type: 'wrong-content-type', contentType: 'application/octet-stream' },
  )
  const { headers, body } = await chat(provider)
  expect(headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(JSON.parse(body)).toHaveProperty('choices')
  expect((await chatStream(provider)).headers['content-type']).toBe('application/octet-stream')
})

it.each([
  ['content-filter', 'content_filter', 'content_filter'],
  ['length', 'length', 'max_output_tokens'],
] as const)('ends the answer early with the finish reason for %s', async (type, finish, reason) => {
  provider.fail({ type }, { type }, { type }, { type })
  const whole = await client.chat.completions.create({ model: 'gpt-4', messages })
  expect(whole.choices[0]?.finish_reason).toBe(finish)
  const reasons = []
  for await (const chunk of await client.chat.completions.create({
    model: 'gpt-4',
    messages,
    stream: true,
  })) {
    reasons.push(chunk.choices[0]?.finish_reason)
  }
  expect(reasons.at(-1)).toBe(finish)
  const response = await client.responses.create({ model: 'gpt-4', input: 'Hello' })
  expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason } })
  const { body } = await post(provider, '/responses', { model: 'gpt-4', input: 'Hello', stream: true })
  expect(body).toContain('event: response.incomplete\n')
})

describe('a play fault', () => {
  it('sends recorded events verbatim', async () => {
    const events = ['{"choices":[],"note":"héllo"}', '{"broken":']
    provider.fail(
      { type: 'play', events },
      { type: 'play', events, done: false, status: 500, headers: { 'x-a': 'b' } },
    )
    const first = await chatStream(provider)
    expect(first.body).toBe(`data: ${events[0]}\n\ndata: ${events[1]}\n\ndata: [DONE]\n\n`)
    expect(first.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const second = await chatStream(provider)
    expect(second).toMatchObject({ status: 500, headers: { 'x-a': 'b' } })
    expect(second.body).not.toContain('[DONE]')
  })

  it('names events by their type, as Responses streams do', async () => {
    provider.fail({ type: 'play', events: ['{"type":"response.created"}', 'broken'], named: true })
    const { body } = await chatStream(provider)
    expect(body).toBe(
      'event: response.created\ndata: {"type":"response.created"}\n\nevent: message\ndata: broken\n\n',
    )
  })

  it('can be combined with a stream fault', async () => {
    provider.fail({ type: 'play', events: ['1', '2', '3'], then: { type: 'stream-cut', afterEvents: 2 } })
    expect(await chatStream(provider)).toMatchObject({ body: 'data: 1\n\ndata: 2\n\n', ended: 'ECONNRESET' })
  })

  it('sends a recorded body verbatim', async () => {
    const body = '{ "error": {} }\n'
    provider.fail({ type: 'play-json', body, status: 429, headers: { 'retry-after': '1' } })
    expect(await chat(provider)).toMatchObject({
      status: 429,
      body,
      headers: { 'retry-after': '1', 'content-type': 'application/json' },
    })
  })
})
