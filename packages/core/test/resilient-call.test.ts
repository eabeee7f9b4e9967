import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it } from 'vitest'
import { receiptOf, type Receipt } from '../src/index.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

const THREE_CALLS: Fault[] = [
  { type: 'status', status: 429, retryAfter: 20 },
  { type: 'reset', when: 'before-headers' },
]

/** 429 that asks for 20 ms, then a reset, then success: what the record of such a call must say. */
function expectTheRightReceipt(receipt: Receipt | undefined, streaming: boolean): void {
  expect(receipt).toMatchObject({
    operation: 'chat',
    target: 'openai/gpt-4',
    model: 'gpt-4',
    streaming,
    outcome: 'success',
    possiblyBilled: 1,
    finishReasons: ['stop'],
    attempts: [
      {
        number: 1,
        waitedFor: 'nothing',
        waitedMs: 0,
        status: 429,
        failure: { kind: 'rate-limit', ambiguous: false, retryAfterMs: 20 },
      },
      {
        number: 2,
        waitedFor: 'retry-after',
        status: undefined,
        failure: { kind: 'network', ambiguous: true },
      },
      { number: 3, waitedFor: 'backoff', status: 200, failure: undefined },
    ],
  })
  const [, second, third] = receipt?.attempts ?? []
  expect(second?.waitedMs).toBeGreaterThanOrEqual(20)
  expect(third?.waitedMs).toBeLessThanOrEqual(10)
  expect(receipt?.waitMs).toBe((second?.waitedMs ?? 0) + (third?.waitedMs ?? 0))
}

describe('a 429 with retry-after-ms, then a connection reset, then success', () => {
  it('is one answer from three upstream calls, with the right waits, through Harbor', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    provider.fail(...THREE_CALLS)
    const answer = await harbor.chat.completions.create(HELLO)
    expect(answer.choices[0]?.message.content).toBeTruthy()
    expect(provider.counts().calls).toBe(3)
    expectTheRightReceipt(receiptOf(answer), false)
  })

  it('is one stream from three upstream calls, through Harbor', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    const plain = await harbor.chat.completions.create(HELLO)
    provider.reset()
    provider.fail(...THREE_CALLS)
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe(plain.choices[0]?.message.content)
    expect(provider.counts().calls).toBe(3)
    expectTheRightReceipt(receiptOf(stream), true)
  })

  it('is one answer through createHarborFetch under another client', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor()
    const client = new OpenAI({ apiKey: 'test-key', baseURL: provider.baseURL, fetch, maxRetries: 0 })
    for (const stream of [false, true]) {
      provider.reset()
      provider.fail(...THREE_CALLS)
      const { data, response } = await client.chat.completions.create({ ...HELLO, stream }).withResponse()
      if (Symbol.asyncIterator in data) for await (const chunk of data) expect(chunk.choices).toBeDefined()
      expect(provider.counts().calls).toBe(3)
      expect(response.headers.get('x-harbor-attempts')).toBe('3')
      expectTheRightReceipt(receiptOf(response), stream)
    }
  })

  it('is one answer through createHarborFetch called like fetch', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor()
    for (const stream of [false, true]) {
      provider.reset()
      provider.fail(...THREE_CALLS)
      const response = await fetch(`${provider.baseURL}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...HELLO, stream }),
      })
      expect(response).toBeInstanceOf(Response)
      const text = await response.text()
      expect(text).toContain(stream ? '[DONE]' : '"chat.completion"')
      expect(provider.counts().calls).toBe(3)
      expectTheRightReceipt(receiptOf(response), stream)
    }
  })
})

describe('timeout', () => {
  beforeEach(timeInTurns)

  it('covers all attempts and waits, and becomes the typed error of the SDK', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { timeout: 150 })
    provider.fail({ type: 'status', status: 500 }, { type: 'hang' }, { type: 'hang' })
    const error: unknown = await harbor.chat.completions.create(HELLO).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    expect(error).toMatchObject({ cause: { name: 'TimeoutError', clock: 'total', limitMs: 150 } })
    expect(receiptOf(error)).toMatchObject({
      outcome: 'failure',
      possiblyBilled: 1,
      attempts: [{ status: 500 }, { failure: { kind: 'timeout', ambiguous: true } }],
    })
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 2, aborts: 1 })
  })

  it('can be set per call', async () => {
    const provider = await simulate({ providers: { openai: { latency: 60 } } })
    const harbor = harborFor(provider, { timeout: 20 })
    await expect(harbor.chat.completions.create(HELLO)).rejects.toBeInstanceOf(
      OpenAI.APIConnectionTimeoutError,
    )
    await expect(harbor.chat.completions.create(HELLO, { timeout: 5_000 })).resolves.toBeDefined()
  })

  it('of an attempt ends it, and leads to one retry', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { timeouts: { attemptMs: 60 } })
    provider.fail({ type: 'hang' })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(answer)).toMatchObject({
      possiblyBilled: 1,
      attempts: [{ failure: { kind: 'timeout' } }, {}],
    })
  })

  it('ends a body that stops half-way', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { timeout: 100 })
    provider.fail({ type: 'stream-stall', afterEvents: 0, inside: true })
    await expect(harbor.chat.completions.create(HELLO)).rejects.toBeInstanceOf(
      OpenAI.APIConnectionTimeoutError,
    )
  })

  it('starts no attempt without time left', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { timeout: 200 })
    provider.fail({ type: 'status', status: 429, retryAfter: 1_000 })
    await expect(harbor.chat.completions.create(HELLO)).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    expect(provider.counts().calls).toBe(1)
  })
})

describe('the typed errors of the SDK', () => {
  it.each([
    [400, OpenAI.BadRequestError],
    [401, OpenAI.AuthenticationError],
    [403, OpenAI.PermissionDeniedError],
    [404, OpenAI.NotFoundError],
    [409, OpenAI.ConflictError],
    [422, OpenAI.UnprocessableEntityError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
  ])('are thrown for status %i, with a receipt', async (status, errorClass) => {
    const provider = await simulate({
      providers: { openai: { rules: [{ fault: { type: 'status', status } }] } },
    })
    const harbor = harborFor(provider)
    const error: unknown = await harbor.chat.completions.create(HELLO).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({ status })
    expect(receiptOf(error)).toMatchObject({
      outcome: 'failure',
      attempts: { length: provider.counts().calls },
    })
  })

  it('say what to do when nothing listens', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    await provider.down()
    const error: unknown = await harbor.chat.completions.create(HELLO).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError)
    expect(error).not.toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    expect(error).toMatchObject({ message: expect.stringMatching(/127\.0\.0\.1.*base URL/s) as string })
    expect(receiptOf(error)?.attempts).toHaveLength(3)
  })

  it('contain the answer of an upstream rather than a connection that broke later', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    provider.fail({ type: 'status', status: 503 }, { type: 'reset' }, { type: 'reset' })
    await expect(harbor.chat.completions.create(HELLO)).rejects.toMatchObject({ status: 503 })
  })
})
