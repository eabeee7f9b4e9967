import { describe, expect, it } from 'vitest'
import {
  anthropicOver,
  EVENTS,
  MESSAGE,
  onWire,
  QUESTION,
  readStream,
  sendStream,
} from './helpers/anthropic.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const PRICE = { inputPerMillion: 3, outputPerMillion: 15 }
const SPARE = {
  fallback: { 'claude-sonnet-4-6': ['spare/claude-opus-4-8'] },
  attemptsBeforeFallback: 1,
} as const

function busy(response: Parameters<typeof sendJson>[0], status = 529): void {
  sendJson(response, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, status)
}

async function rejected(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toMatchObject({ error: { type: 'error' } })
}

describe('a count of tokens', () => {
  it('is answered, free of charge, also where nothing more may be spent', async () => {
    const { origin } = await serve((_request, response) => sendJson(response, { input_tokens: 14 }))
    const { client, harborFetch, last } = anthropicOver(origin, { spendLimit: { usd: 1e-9, per: 'hour' } })
    const { max_tokens: _limit, ...question } = QUESTION
    expect(await client.messages.countTokens(question)).toMatchObject({ input_tokens: 14 })
    expect(last()).toMatchObject({
      operation: 'count_tokens',
      outcome: 'success',
      usage: undefined,
      cost: undefined,
    })
    expect(harborFetch.stats().cost).toMatchObject({ spentUsd: 0, unpricedCalls: 0 })
  })

  it('has to be a count', async () => {
    const { origin, requests } = await serve((_request, response) => sendJson(response, { ok: true }))
    const { client } = anthropicOver(origin, { maxRetries: 1 })
    await expect(client.messages.countTokens({ model: 'm', messages: [] })).rejects.toMatchObject({
      errorCode: 'malformed_answer',
    })
    expect(requests).toHaveLength(2)
  })

  it('has rate limits of its own', async () => {
    const { origin } = await serve(({ path: requested }, response) => {
      sendJson(response, requested.endsWith('count_tokens') ? { input_tokens: 14 } : MESSAGE)
    })
    const { client } = anthropicOver(origin, { limits: { requestsPerMinute: 1, safety: 1 }, timeout: 300 })
    await client.messages.countTokens({ model: QUESTION.model, messages: [] })
    await client.messages.create(QUESTION)
    await expect(client.messages.create(QUESTION)).rejects.toMatchObject({ errorCode: 'local_rate_limit' })
  })
})

describe('a Messages request that only one account can serve, and only once', () => {
  const pinned = { ...QUESTION, fallback_credit_token: 'token' } as typeof QUESTION

  it('is not sent to another target', async () => {
    const spare = await serve((_request, response) => sendJson(response, MESSAGE))
    const { origin, requests } = await serve((_request, response) => busy(response))
    const { client } = anthropicOver(origin, {
      ...SPARE,
      providers: { spare: { kind: 'anthropic', apiKey: 'k2', baseURL: spare.origin } },
    })
    await rejected(client.messages.create(pinned))
    expect(spare.requests).toHaveLength(0)
    expect(requests).toHaveLength(3)
    await client.messages.create(QUESTION)
    expect(spare.requests).toHaveLength(1)
  })

  it.each([429, 503, 529])('is repeated at the same target after a clear refusal: %s', async (status) => {
    const { origin, requests } = await serve((_request, response) => busy(response, status))
    await rejected(anthropicOver(origin).client.messages.create(pinned))
    expect(requests).toHaveLength(3)
  })

  it('is not repeated after a broken connection, or a stream that broke before its content', async () => {
    const cut = await serve((_request, response) => response.destroy())
    await expect(anthropicOver(cut.origin).client.messages.create(pinned)).rejects.toThrow()
    expect(cut.requests).toHaveLength(1)
    const short = await serve((_request, response) => void sendStream(response, onWire(EVENTS.slice(0, 2))))
    expect((await readStream(anthropicOver(short.origin), pinned)).error).toMatchObject({
      errorCode: 'stream_incomplete',
    })
    expect(short.requests).toHaveLength(1)
  })

  it('is never answered from the cache', async () => {
    const { origin, requests } = await serve((_request, response) => sendJson(response, MESSAGE))
    const { client, last } = anthropicOver(origin, { cache: { when: 'always' } })
    for (let call = 0; call < 2; call++) await client.messages.create(pinned)
    expect(requests).toHaveLength(2)
    expect(last()?.cache).toMatchObject({ status: 'bypass', reason: 'stateful' })
  })
})

describe('the cache of Messages', () => {
  const headers = { 'anthropic-beta': 'a-2026-01-01' }

  it('holds what the user chooses, for each credential, version and beta apart', async () => {
    const { origin, requests } = await serve((_request, response) => sendJson(response, MESSAGE))
    const { client } = anthropicOver(origin, { cache: { when: 'always' } })
    const ask = async (on = client, options?: { headers: Record<string, string> }): Promise<number> => {
      await on.messages.create(QUESTION, options)
      return requests.length
    }
    expect([await ask(), await ask()]).toEqual([1, 1])
    expect([await ask(client, { headers }), await ask(client, { headers })]).toEqual([2, 2])
    expect(await ask(client, { headers: { 'anthropic-version': '2023-06-01' } })).toBe(3)
    expect(await ask(client, { headers: { 'anthropic-workspace-id': 'w2' } })).toBe(4)
    expect(await ask(client, { headers: { 'x-api-key': 'k2' } })).toBe(5)
    expect(await ask(client.withOptions({ apiKey: 'another' }))).toBe(6)
    expect(await ask()).toBe(6)
  })

  it('holds streams byte for byte, but not those that were cut short by their limit', async () => {
    const short = EVENTS.map((event) => event.replace('end_turn', 'max_tokens'))
    let events = onWire(EVENTS)
    const { origin, requests } = await serve((_request, response) => void sendStream(response, events))
    const over = anthropicOver(origin, { cache: { when: 'always' } })
    for (let call = 0; call < 2; call++)
      expect(await readStream(over)).toMatchObject({ text: 'Hello there', error: undefined })
    expect(requests).toHaveLength(1)
    events = onWire(short)
    const other = { ...QUESTION, max_tokens: 2 }
    for (let call = 0; call < 2; call++) expect((await readStream(over, other)).error).toBeUndefined()
    expect(requests).toHaveLength(3)
  })

  it('holds nothing by itself, since the newest version refuses a temperature', async () => {
    const { origin, requests } = await serve((_request, response) => sendJson(response, MESSAGE))
    const { client } = anthropicOver(origin, { cache: true })
    for (let call = 0; call < 2; call++) await client.messages.create(QUESTION)
    expect(requests).toHaveLength(2)
  })
})

describe('a Messages request', () => {
  it('is rewritten for another target: model, key and address, with the version and beta of its caller', async () => {
    const spare = await serve((_request, response) => void sendStream(response, onWire(EVENTS)))
    const { origin } = await serve((_request, response) => busy(response))
    const over = anthropicOver(origin, {
      ...SPARE,
      providers: { spare: { kind: 'anthropic', apiKey: 'k2', baseURL: `${spare.origin}/base/v1` } },
      models: { 'spare/claude-opus-4-8': { price: PRICE } },
    })
    const stream = await over.client.beta.messages.create({
      ...QUESTION,
      betas: ['b-2026-01-01'],
      stream: true,
    })
    for await (const _event of stream);
    const [request] = spare.requests
    expect(request).toMatchObject({
      path: '/base/v1/messages',
      headers: { 'x-api-key': 'k2', 'anthropic-version': '2026-10-21', 'anthropic-beta': 'b-2026-01-01' },
    })
    expect(request?.headers.authorization).toBeUndefined()
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ model: 'claude-opus-4-8', stream: true })
    expect(over.last()).toMatchObject({
      target: 'spare/claude-opus-4-8',
      serviceTier: 'standard',
      cost: { price: 'own' },
    })
  })

  it('takes the next target of the policy chain after a refusal, if there is one', async () => {
    const refused = { ...MESSAGE, content: [], stop_reason: 'refusal' }
    const spare = await serve((_request, response) => sendJson(response, MESSAGE))
    const { origin } = await serve((_request, response) => sendJson(response, refused))
    const providers = { spare: { kind: 'anthropic', apiKey: 'k2', baseURL: spare.origin } } as const
    const answered = anthropicOver(origin, { providers })
    expect(await answered.client.messages.create(QUESTION)).toMatchObject({ stop_reason: 'refusal' })
    expect(answered.last()).toMatchObject({ outcome: 'success', finishReasons: ['refusal'] })
    const chained = anthropicOver(origin, { providers, contentPolicyFallback: ['spare/claude-opus-4-8'] })
    expect(await chained.client.messages.create(QUESTION)).toMatchObject({ stop_reason: 'end_turn' })
  })

  it('streams from the path of Vertex AI, and another model of it takes over there', async () => {
    const { origin, requests } = await serve(({ path: requested }, response) => {
      if (requested.includes('claude-sonnet-4-6')) busy(response)
      else void sendStream(response, onWire(EVENTS))
    })
    const { harborFetch } = anthropicOver(origin, {
      fallback: { 'claude-sonnet-4-6': ['anthropic/claude-opus-4-8'] },
      attemptsBeforeFallback: 1,
    })
    const root = `${origin}/v1/projects/p/locations/l/publishers/anthropic/models/`
    const { model: _model, ...body } = { ...QUESTION, anthropic_version: 'vertex-2023-10-16' }
    const response = await harborFetch(`${root}claude-sonnet-4-6:streamRawPredict`, {
      method: 'POST',
      headers: { authorization: 'Bearer oauth' },
      body: JSON.stringify(body),
    })
    expect(await response.text()).toBe(onWire(EVENTS).join(''))
    expect(requests.map(({ path: requested }) => requested.slice(requested.lastIndexOf('/')))).toEqual([
      '/claude-sonnet-4-6:streamRawPredict',
      '/claude-opus-4-8:streamRawPredict',
    ])
    expect(requests.map(({ body: sent }) => JSON.parse(sent) as unknown)).toEqual([body, body])
    expect(requests[1]?.headers.authorization).toBe('Bearer oauth')
  })

  it('that makes a batch is sent once and passed on as it is', async () => {
    const { origin, requests } = await serve((_request, response) =>
      sendJson(response, { id: 'msgbatch_1' }, 500),
    )
    const { client, last } = anthropicOver(origin)
    await expect(client.messages.batches.create({ requests: [] })).rejects.toMatchObject({ status: 500 })
    expect(last()?.operation).toBe('other')
    expect(requests.length).toBeGreaterThan(0)
  })
})

describe('the last resort of Messages', () => {
  const lastResort = (): string => 'Sorry, try again later.'

  it('is a message of the SDK', async () => {
    const { origin } = await serve((_request, response) => busy(response))
    const { client, last } = anthropicOver(origin, { lastResort })
    const message = await client.messages.create(QUESTION)
    expect(message.content).toMatchObject([{ type: 'text', text: 'Sorry, try again later.' }])
    expect(message).toMatchObject({ role: 'assistant', stop_reason: 'end_turn', model: 'claude-sonnet-4-6' })
    expect(last()).toMatchObject({ degraded: true })
  })

  it('is a stream of the SDK, with all its blocks', async () => {
    const content = [
      { type: 'thinking', thinking: 'Hm', signature: 's' },
      { type: 'text', text: 'Sorry' },
      { type: 'tool_use', id: 't1', name: 'f', input: { a: [1, 2] } },
    ]
    const { origin } = await serve((_request, response) => busy(response))
    const { client } = anthropicOver(origin, { lastResort: () => ({ ...MESSAGE, content }) })
    const final = await client.messages.stream(QUESTION).finalMessage()
    expect(JSON.parse(JSON.stringify(final))).toMatchObject({ content, stop_reason: 'end_turn' })
  })
})
