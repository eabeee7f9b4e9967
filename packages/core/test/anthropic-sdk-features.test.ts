import Anthropic, { betaRefusalFallbackMiddleware } from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import {
  EVENTS,
  errorEvent,
  MESSAGE,
  anthropicOver,
  onWire,
  QUESTION,
  readStream,
  sendStream,
} from './helpers/anthropic.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const WIRE = onWire(EVENTS)

/** The events of a stream that the model refuses after some text, with a credit for the request to another model. */
const REFUSED = [
  ...EVENTS.slice(0, 6),
  JSON.stringify({
    type: 'message_delta',
    delta: {
      stop_reason: 'refusal',
      stop_sequence: null,
      stop_details: {
        type: 'refusal',
        category: 'cyber',
        fallback_credit_token: 'credit-1',
        fallback_has_prefill_claim: false,
      },
    },
    usage: { output_tokens: 5 },
  }),
  JSON.stringify({ type: 'message_stop' }),
]

interface Sent {
  readonly model: string
  readonly fallback_credit_token?: { readonly token: string }
  readonly thread?: object
}

describe('a feature of the Anthropic SDK over createHarborFetch', () => {
  it('continues a refused stream with another model, with a credit that is sent once', async () => {
    const sent: Sent[] = []
    const { origin } = await serve(({ body }, response) => {
      const request = JSON.parse(body) as Sent
      sent.push(request)
      if (request.fallback_credit_token === undefined) void sendStream(response, onWire(REFUSED))
      else void sendStream(response, WIRE)
    })
    const { harborFetch } = anthropicOver(origin)
    const client = new Anthropic({
      apiKey: 'k',
      baseURL: origin,
      fetch: harborFetch,
      maxRetries: 0,
      logLevel: 'off',
      middleware: [betaRefusalFallbackMiddleware([{ model: 'claude-opus-4-8' }])],
    })
    let text = ''
    let reason: string | null = null
    for await (const event of await client.beta.messages.create({ ...QUESTION, stream: true })) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
      if (event.type === 'message_delta') reason = event.delta.stop_reason
    }
    expect({ text, reason }).toEqual({ text: 'Hello thereHello there', reason: 'end_turn' })
    expect(sent.map(({ model, fallback_credit_token: credit }) => [model, credit?.token])).toEqual([
      ['claude-sonnet-4-6', undefined],
      ['claude-opus-4-8', 'credit-1'],
    ])
  })

  it('continues a thread at the same target, and only there', async () => {
    const sent: Sent[] = []
    const spare = await serve((_request, response) => sendJson(response, MESSAGE))
    const { origin } = await serve(({ body }, response) => {
      sent.push(JSON.parse(body) as Sent)
      if (sent.length === 2) sendJson(response, JSON.parse(errorEvent('overloaded_error')), 529)
      else sendJson(response, { ...MESSAGE, id: `msg_${sent.length}` })
    })
    const { client } = anthropicOver(origin, {
      providers: { spare: { kind: 'anthropic', apiKey: 'k2', baseURL: spare.origin } },
      fallback: { 'claude-sonnet-4-6': ['spare/claude-sonnet-4-6'] },
    })
    const thread = client.beta.messages.thread({ model: QUESTION.model, max_tokens: 100 })
    await thread.send({ role: 'user', content: 'Hi' })
    await thread.send({ role: 'user', content: 'Again' })
    expect(sent.map(({ thread: state }) => state)).toMatchObject([
      { type: 'create' },
      { type: 'continue', previous_message_id: 'msg_1' },
      { type: 'continue', previous_message_id: 'msg_1' },
    ])
    expect(spare.requests).toHaveLength(0)
  })

  it('reports a cut to the stream helper and its final message', async () => {
    const { origin } = await serve(
      (_request, response) => void sendStream(response, WIRE.slice(0, 5), { apart: 4 }),
    )
    const { client } = anthropicOver(origin)
    await expect(client.messages.stream(QUESTION).finalMessage()).rejects.toMatchObject({
      errorCode: 'stream_incomplete',
    })
  })
})

describe('a failure that a call of the Anthropic SDK survives', () => {
  const OVERLOADED = onWire([errorEvent('overloaded_error')])

  it('is a 529', async () => {
    let calls = 0
    const { origin, requests } = await serve((_request, response) => {
      if (++calls === 1) sendJson(response, JSON.parse(errorEvent('overloaded_error')), 529)
      else sendJson(response, MESSAGE)
    })
    expect(await anthropicOver(origin).client.messages.create(QUESTION)).toMatchObject({
      stop_reason: 'end_turn',
    })
    expect(requests).toHaveLength(2)
  })

  it.each([
    ['an overload in its stream', OVERLOADED, false],
    ['a stream that ends before its content', WIRE.slice(0, 2), false],
    ['a connection that breaks before its content', WIRE.slice(0, 2), true],
  ])('is %s: another target answers', async (_, events, cut) => {
    const spare = await serve((_request, response) => void sendStream(response, WIRE))
    const { origin, requests } = await serve(
      (_request, response) => void sendStream(response, events, { cut }),
    )
    const over = anthropicOver(origin, {
      providers: { spare: { kind: 'anthropic', apiKey: 'k2', baseURL: spare.origin } },
      fallback: { 'claude-sonnet-4-6': ['spare/claude-opus-4-8'] },
      attemptsBeforeFallback: 1,
    })
    expect(await readStream(over)).toMatchObject({ text: 'Hello there', error: undefined })
    expect([requests.length, spare.requests.length]).toEqual([1, 1])
  })

  it('is a refusal without content, if there is a policy chain', async () => {
    const refused = [REFUSED[0] ?? '', ...REFUSED.slice(6)]
    const spare = await serve((_request, response) => void sendStream(response, WIRE))
    const { origin } = await serve((_request, response) => void sendStream(response, onWire(refused)))
    const providers = { spare: { kind: 'anthropic', apiKey: 'k2', baseURL: spare.origin } } as const
    const chained = await readStream(
      anthropicOver(origin, { providers, contentPolicyFallback: ['spare/claude-opus-4-8'] }),
    )
    expect(chained).toMatchObject({ text: 'Hello there', error: undefined })
    const alone = await readStream(anthropicOver(origin, { providers }))
    expect(alone).toMatchObject({
      text: '',
      error: undefined,
      receipt: { outcome: 'success', finishReasons: ['refusal'] },
    })
  })
})

describe('a call of the Anthropic SDK without a price', () => {
  it('is counted as unpriced, and one with a listed model is priced', async () => {
    const { origin } = await serve((_request, response) => sendJson(response, MESSAGE))
    const { client, harborFetch, last } = anthropicOver(origin)
    await client.messages.create({ ...QUESTION, model: 'claude-unheard-of-1' })
    await expect.poll(() => harborFetch.stats().cost.unpricedCalls).toBe(1)
    await client.messages.create(QUESTION)
    await expect.poll(() => last()?.cost).toMatchObject({ usage: 'reported', price: 'list' })
    // $3 for a million input tokens, $15 for a million output tokens.
    expect(last()?.cost?.usd).toBeCloseTo((12 * 3 + 5 * 15) / 1e6, 9)
  })
})
