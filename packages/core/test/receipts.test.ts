import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { perCall, receiptOf, type Harbor, type Receipt } from '../src/index.ts'
import { FEATURES } from './helpers/sdk-features.ts'
import { collect, rejection } from './helpers/sdk-versions.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const BUSY: Fault = { type: 'status', status: 503, code: 'overloaded' }

/** A client whose first attempt fails, so that its receipts have two attempts. */
async function harborAfterFault(fault: Fault = BUSY): Promise<Harbor> {
  const provider = await simulate()
  provider.fail(fault)
  return harborFor(provider)
}

const TWO_ATTEMPTS = {
  outcome: 'success',
  attempts: [
    { failure: { kind: 'overloaded' }, status: 503 },
    { failure: undefined, status: 200 },
  ],
}

describe('receiptOf', () => {
  it('returns the receipt of a result', async () => {
    const harbor = await harborAfterFault()
    const completion = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(completion)).toMatchObject({
      ...TWO_ATTEMPTS,
      operation: 'chat',
      target: 'openai/gpt-4',
      model: 'gpt-4',
      streaming: false,
      finishReasons: ['stop'],
      usage: {
        inputTokens: completion.usage?.prompt_tokens,
        outputTokens: completion.usage?.completion_tokens,
      },
    })
  })

  it('returns the receipt of a stream: pending while it is read, complete at its end', async () => {
    const harbor = await harborAfterFault()
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    const receipt = receiptOf(stream)
    expect(receipt).toMatchObject({ outcome: 'pending', streaming: true, durationMs: undefined })
    await collect(stream)
    expect(receiptOf(stream)).toBe(receipt)
    expect(receipt).toMatchObject({ ...TWO_ATTEMPTS, finishReasons: ['stop'] })
    expect(receipt?.firstContentMs).toBeLessThanOrEqual(receipt?.durationMs ?? 0)
  })

  it('returns it for the copy that parse() makes', async () => {
    const harbor = await harborAfterFault()
    const response_format = zodResponseFormat(z.object({ city: z.string() }), 'place')
    const completion = await harbor.chat.completions.parse({ ...HELLO, response_format })
    expect(completion.choices[0]?.message.parsed).toHaveProperty('city')
    expect(receiptOf(completion)).toMatchObject(TWO_ATTEMPTS)
  })

  it('returns it for results of responses and embeddings, which their methods change', async () => {
    const harbor = await harborAfterFault()
    const response = await harbor.responses.create({ model: 'gpt-4', input: 'Say hello.' })
    const parsed = await harbor.responses.parse({ model: 'gpt-4', input: 'Say hello.' })
    const embedding = await harbor.embeddings.create({ model: 'text-embedding-3-small', input: 'one' })
    expect(receiptOf(response)).toMatchObject({ ...TWO_ATTEMPTS, operation: 'responses' })
    expect(receiptOf(parsed)).toMatchObject({ operation: 'responses', finishReasons: ['completed'] })
    expect(receiptOf(embedding)).toMatchObject({ operation: 'embeddings', outcome: 'success' })
  })

  it('returns it for each page of a list', async () => {
    const upstream = await serve(({ path }, response) => {
      if (upstream.requests.length === 1) sendJson(response, { error: { code: 'overloaded' } }, 503)
      else sendJson(response, { data: [{ id: 'file' }], has_more: !path.includes('after') })
    })
    const receipts: (Receipt | undefined)[] = []
    for await (const page of (await harborFor(upstream).files.list()).iterPages())
      receipts.push(receiptOf(page))
    expect(receipts).toMatchObject([TWO_ATTEMPTS, { outcome: 'success', attempts: [{ number: 1 }] }])
  })

  it('returns it for a Response, and for the data of withResponse()', async () => {
    const harbor = await harborAfterFault()
    const { data, response } = await harbor.chat.completions.create(HELLO).withResponse()
    expect(receiptOf(response)).toMatchObject(TWO_ATTEMPTS)
    expect(receiptOf(data)).toBe(receiptOf(response))
    const raw = await harbor.chat.completions.create(HELLO).asResponse()
    expect(receiptOf(raw)).toMatchObject({ outcome: 'success' })
    expect(receiptOf(raw.headers)).toBe(receiptOf(raw))
  })

  const CALLS: [what: string, call: (harbor: Harbor) => Promise<unknown>][] = [
    ['a call', async (harbor) => harbor.chat.completions.create(HELLO)],
    ['a stream', async (harbor) => harbor.chat.completions.create({ ...HELLO, stream: true })],
    ['parse()', (harbor) => harbor.chat.completions.parse(HELLO)],
    ['a list', async (harbor) => harbor.models.list()],
    ['withResponse()', (harbor) => harbor.chat.completions.create(HELLO).withResponse()],
    ['asResponse()', (harbor) => harbor.chat.completions.create(HELLO).asResponse()],
    ['the helper stream()', (harbor) => harbor.chat.completions.stream(HELLO).finalMessage()],
    ['runTools()', (harbor) => harbor.chat.completions.runTools({ ...HELLO, tools: [] }).done()],
  ]

  it.each(CALLS)('returns it for the API error of %s', async (_, call) => {
    const error = await rejection(call(await harborAfterFault({ type: 'status', status: 401 })))
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', attempts: [{ failure: { kind: 'auth' } }] })
  })

  it.each(CALLS)('returns it for the connection error of %s', async (_, call) => {
    const provider = await simulate()
    await provider.down()
    const error = await rejection(call(harborFor(provider)))
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError)
    expect(receiptOf(error)).toMatchObject({
      outcome: 'failure',
      possiblyBilled: 0,
      attempts: Array.from({ length: 3 }, () => ({ failure: { kind: 'network', code: 'ECONNREFUSED' } })),
    })
  })

  it.each(CALLS)('returns it for the timeout of %s', async (_, call) => {
    const harbor = (await harborAfterFault({ type: 'hang' })).withOptions({ timeout: 20 })
    const error = await rejection(call(harbor))
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    expect(receiptOf(error)).toMatchObject({
      outcome: 'failure',
      attempts: [{ failure: { kind: 'timeout' } }],
    })
  })

  it('returns it for an error inside a stream, after the chunks before it', async () => {
    const provider = await simulate()
    provider.fail({ type: 'stream-cut', afterEvents: 3 })
    const stream = await harborFor(provider).chat.completions.create({ ...HELLO, stream: true })
    const error = await rejection(collect(stream))
    expect(error).toBeInstanceOf(OpenAI.APIError)
    expect(receiptOf(error)).toBe(receiptOf(stream))
    expect(receiptOf(error)).toMatchObject({
      outcome: 'failure',
      attempts: [{ failure: { kind: 'stream' } }],
    })
  })

  it('returns undefined for a call that its caller aborted', async () => {
    const harbor = await harborAfterFault({ type: 'hang' })
    const controller = new AbortController()
    harbor.on('call', () => {
      controller.abort()
    })
    const error = await rejection(harbor.chat.completions.create(HELLO, { signal: controller.signal }))
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError)
    expect(harbor.stats().calls).toBe(1)
    expect(receiptOf(error)).toBeUndefined()
  })

  const STRANGERS = [{}, new Headers(), Response.json({}), new Error('x'), null, undefined, 'text', 7]
  it.each(STRANGERS)('returns undefined for what is not from Harbor: %s', (stranger) => {
    expect(receiptOf(stranger)).toBeUndefined()
  })
})

describe('onReceipt of perCall', () => {
  it.each(FEATURES)('is called once for each request of $name', async ({ use, requests }) => {
    const receipts: Receipt[] = []
    const harbor = await harborAfterFault()
    await use(harbor, perCall({ onReceipt: (receipt) => receipts.push(receipt) }))
    expect(receipts).toHaveLength(requests)
    expect(receipts[0]).toMatchObject(TWO_ATTEMPTS)
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(requests)
  })

  it('is called for a call that failed, and for one that its caller aborted', async () => {
    const outcomes: string[] = []
    const harbor = await harborAfterFault({ type: 'status', status: 401 })
    const controller = new AbortController()
    const wishes = {
      ...perCall({ onReceipt: ({ outcome }) => outcomes.push(outcome) }),
      signal: controller.signal,
    }
    await rejection(harbor.chat.completions.create(HELLO, wishes))
    const aborted = rejection(harbor.chat.completions.create(HELLO, wishes))
    harbor.on('call', () => {
      controller.abort()
    })
    await aborted
    expect(outcomes).toEqual(['failure', 'aborted'])
  })
})
