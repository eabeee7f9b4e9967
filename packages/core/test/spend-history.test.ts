import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { answering, costOf, models } from './helpers/fixed-answers.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'

type Request = OpenAI.Responses.ResponseCreateParamsNonStreaming

/** An answer after a conversation of this number of tokens. */
const answer = (input_tokens: number) => ({
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'm',
  output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Yes.' }] }],
  usage: { input_tokens, output_tokens: 1, total_tokens: input_tokens + 1 },
})

describe('a spend limit, for requests that go on with what the provider has stored', () => {
  it.each<[string, Partial<Request>, number]>([
    ['an answer of another process', { previous_response_id: 'resp_0' }, 900_000],
    ['a conversation, by its id', { conversation: 'conv_1' }, 900_000],
    ['a conversation, as an object', { conversation: { id: 'conv_1' } }, 900_000],
    ['a prompt', { prompt: { id: 'pmpt_1' } }, 15_000],
  ])('holds when 50 are made at once: %s', async (_, stored, tokens) => {
    const usd = tokens * 2.5e-6
    const { harbor, requests } = await answering(answer(tokens), { spendLimit: { usd, per: 'total' } })
    const request = { model: 'm', input: 'Go on.', max_output_tokens: 16, ...stored }
    const calls = Array.from({ length: 50 }, () => harbor.responses.create(request))
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0)
    expect(harbor.stats().cost.spentUsd).toBeLessThanOrEqual(usd)
    expect(requests.length).toBeGreaterThan(0)
  })

  it('lets a conversation go on whose last answer says how long it is', async () => {
    const { harbor } = await answering(answer(1_000), { spendLimit: { usd: 0.01, per: 'total' } })
    const more = { model: 'm', input: 'Go on.', max_output_tokens: 16 }
    const { id } = await harbor.responses.create(more)
    const { usage } = await harbor.responses.create({ ...more, previous_response_id: id })
    expect(usage?.input_tokens).toBe(1_000)
    const unknown = await failureOf(harbor.responses.create({ ...more, previous_response_id: 'resp_0' }))
    expect(unknown).toMatchObject({ code: 'spend_limit' })
  })

  it('reserves no more than the context window of the model', async () => {
    const model = { contextTokens: 4_000, price: { inputPerMillion: 1, outputPerMillion: 2 } }
    const options = { models: { m: model }, spendLimit: { usd: 0.01, per: 'total' } as const }
    const { harbor } = await answering(answer(3_000), options)
    const request = { model: 'm', input: 'Go on.', max_output_tokens: 16, previous_response_id: 'resp_0' }
    expect((await harbor.responses.create(request)).id).toBe('resp_1')
  })
})

describe('a stream that goes on with what the provider has stored, and ends without a usage report', () => {
  const created = { type: 'response.created', response: { ...answer(0), status: 'in_progress', usage: null } }
  const delta = { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Yes.' }

  /** The tokens that are billed for a stream that its caller leaves after the first word. */
  async function tokensOfAborted(stored: object, options: HarborOptions = {}): Promise<number> {
    const upstream = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const event of [created, delta]) response.write(`data: ${JSON.stringify(event)}\n\n`)
    })
    const harbor = harborFor(upstream, { models, maxRetries: 0, ...options })
    const request = { model: 'm', input: 'Go on.', max_output_tokens: 16, stream: true as const }
    const stream = await harbor.responses.create({ ...request, ...stored })
    for await (const { type } of stream) if (type === 'response.output_text.delta') break
    await costOf(stream)
    const { billedTokens, usage } = receiptOf(stream) ?? {}
    expect(usage).toBeUndefined()
    expect(billedTokens?.source).toBe('estimated')
    return billedTokens?.count ?? 0
  }

  it('is billed for what is stored as well, since the provider bills for it', async () => {
    const alone = await tokensOfAborted({})
    expect(alone).toBeLessThan(100)
    for (const stored of [{ previous_response_id: 'resp_0' }, { conversation: 'conv_1' }]) {
      const tokens = await tokensOfAborted(stored)
      expect(tokens).toBeGreaterThan(1_048_576)
      expect(tokens).toBeLessThan(1_048_576 + 100)
    }
  })

  it('is billed for no more than the context window of the model', async () => {
    const small = { models: { m: { ...models.m, contextTokens: 4_000 } } }
    const tokens = await tokensOfAborted({ previous_response_id: 'resp_0' }, small)
    expect(tokens).toBeGreaterThan(4_000)
    expect(tokens).toBeLessThan(4_100)
  })
})
