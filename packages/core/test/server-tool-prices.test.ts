import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { receiptOf, type HarborOptions } from '../src/index.ts'
import { answering, ask, chat, chunk, costOf, events } from './helpers/fixed-answers.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { collect } from './helpers/sdk-versions.ts'

const OWN = { inputPerMillion: 1, outputPerMillion: 1 }
const RESPONSE = {
  id: 'r',
  object: 'response',
  status: 'completed',
  output: [
    { type: 'code_interpreter_call', id: 'c', status: 'completed' },
    { type: 'message', content: [] },
  ],
  usage: { input_tokens: 1_000, output_tokens: 1_000, total_tokens: 2_000 },
}
const STREAM = events([
  { type: 'response.output_text.delta', delta: 'hi' },
  { type: 'response.completed', response: RESPONSE },
])
const TOKENS_USD = 0.002

describe('the use of a tool that the provider runs', () => {
  const options: HarborOptions = { models: { m: { price: OWN } } }

  it.each([
    ['JSON', RESPONSE],
    ['a stream', STREAM],
  ])(
    'is named in the cost where its price is unknown, and never costs nothing in silence: %s',
    async (_, body) => {
      const { harbor } = await answering(body, options)
      const request = { model: 'm', input: 'Hi' }
      const answer =
        typeof body === 'string'
          ? await harbor.responses.create({ ...request, stream: true })
          : await harbor.responses.create(request)
      if (Symbol.asyncIterator in answer) await collect(answer)
      const cost = await costOf(answer)
      expect(cost).toMatchObject({ price: 'own', unpriced: ['code_interpreter_requests'] })
      expect(cost?.usd).toBeCloseTo(TOKENS_USD, 12)
      expect(harbor.stats().cost).toMatchObject({ unpricedCalls: 1, spentUsd: cost?.usd })
    },
  )

  it('is warned of once', async () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    onTestFinished(() => emitted.mockRestore())
    const { harbor } = await answering(RESPONSE, options)
    for (let calls = 0; calls < 3; calls++) await harbor.responses.create({ model: 'm', input: 'Hi' })
    expect(emitted).toHaveBeenCalledOnce()
    expect(String(emitted.mock.calls[0]?.[0])).toContain('code_interpreter_requests')
    expect(harbor.stats().cost.unpricedCalls).toBe(3)
  })

  it.each<[string, HarborOptions, number]>([
    [
      'your own',
      { models: { m: { price: { ...OWN, perServerToolUse: { code_interpreter_requests: 0.03 } } } } },
      0.03,
    ],
    [
      'that of your most expensive tool',
      { models: { m: { price: { ...OWN, perServerToolUse: { x: 0.5 } } } } },
      0.5,
    ],
  ])('has the price that is %s', async (_, priced, usd) => {
    const { harbor } = await answering(RESPONSE, priced)
    const cost = await costOf(await harbor.responses.create({ model: 'm', input: 'Hi' }))
    expect(cost?.usd).toBeCloseTo(TOKENS_USD + usd, 12)
    expect(cost).not.toHaveProperty('unpriced')
    expect(harbor.stats().cost.unpricedCalls).toBe(0)
  })

  it('of a chat that cites sources is a search, in JSON and in a stream', async () => {
    const annotations = [{ type: 'url_citation', url_citation: { url: 'https://example.com' } }]
    const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 }
    const json = chat('hi', { usage })
    const message = { role: 'assistant', content: 'hi', annotations }
    const cited = { ...json, choices: [{ index: 0, message, finish_reason: 'stop' }] }
    const streamed = events([
      chunk({ content: 'hi', annotations }, 'stop'),
      { ...chunk({}), choices: [], usage },
    ])
    for (const body of [cited, streamed]) {
      const { harbor } = await answering(body, options)
      const answer = await harbor.chat.completions.create({ ...ask(), stream: body === streamed })
      if (Symbol.asyncIterator in answer) await collect(answer)
      expect((await costOf(answer))?.unpriced).toEqual(['web_search_requests'])
      expect(receiptOf(answer)?.usage?.serverToolUses).toEqual({ web_search_requests: 1 })
    }
  })
})

describe('a spend limit and a tool that the provider runs', () => {
  const request = { model: 'm', input: 'Hi', max_output_tokens: 10, tools: [{ type: 'web_search' as const }] }
  const priced = (usd: number, unpriced?: 'allow'): HarborOptions => ({
    models: { m: { price: OWN } },
    spendLimit: { usd, per: 'total', unpriced },
  })

  it('refuses a request that offers a tool without a known price, and names the tool', async () => {
    const { harbor, requests } = await answering(RESPONSE, priced(1))
    const failure = await failureOf(harbor.responses.create(request))
    expect(failure).toMatchObject({ status: 402, code: 'spend_limit' })
    expect(String(failure)).toContain('web_search_requests at openai/m')
    expect(requests).toHaveLength(0)
    await harbor.responses.create({ ...request, tools: [] })
  })

  it('sends such a request where that is allowed, and counts what is known', async () => {
    const { harbor } = await answering(RESPONSE, priced(1, 'allow'))
    await harbor.responses.create(request)
    expect(harbor.stats().cost).toMatchObject({ unpricedCalls: 1, spentUsd: TOKENS_USD })
  })

  it('covers as many uses as the request allows', async () => {
    const models = { m: { price: { ...OWN, perServerToolUse: { web_search_requests: 1 } } } }
    for (const [more, usd] of [
      [{}, 10],
      [{ max_tool_calls: 3 }, 3],
    ] as const) {
      for (const [limit, ok] of [
        [usd - 0.01, false],
        [usd + 0.01, true],
      ] as const) {
        const { harbor } = await answering(RESPONSE, { models, spendLimit: { usd: limit, per: 'total' } })
        const sent = harbor.responses.create({ ...request, ...more }).then(
          () => true,
          () => false,
        )
        expect(await sent).toBe(ok)
      }
    }
  })

  it('retains the whole reservation for an answer whose cost is incomplete', async () => {
    // The request offers no tool, so it is sent. The answer cost less than the $0.6 that were reserved, as far as is known.
    const models = { m: { price: { inputPerMillion: 0, outputPerMillion: 1 } } }
    const { harbor } = await answering(RESPONSE, { models, spendLimit: { usd: 1, per: 'total' } })
    const large = { model: 'm', input: 'Hi', max_output_tokens: 600_000 }
    await harbor.responses.create(large)
    expect(await failureOf(harbor.responses.create(large))).toMatchObject({ code: 'spend_limit' })
  })
})
