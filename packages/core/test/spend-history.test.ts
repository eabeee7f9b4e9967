import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { failureOf } from './helpers/expect-failure.ts'
import { answering } from './helpers/fixed-answers.ts'

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
