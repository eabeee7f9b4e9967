import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborOptions, type Price } from '../src/index.ts'
import { answering, ask, chat, chunk, costOf, events } from './helpers/fixed-answers.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'
import { collect } from './helpers/sdk-versions.ts'

const PRICE: Price = {
  inputPerMillion: 4,
  outputPerMillion: 20,
  cachedInputPerMillion: 0.4,
  cacheWritePerMillion: { '30m': 5, '12h': 8 },
  perRequest: 0.01,
  perServerToolUse: { web_search_requests: 0.02 },
}
const options = (price: Price, more: HarborOptions = {}): HarborOptions => ({
  models: { m: { price } },
  ...more,
})

const RESPONSE = {
  id: 'r',
  object: 'response',
  status: 'completed',
  service_tier: 'priority',
  output: [
    { type: 'web_search_call', id: 'w', status: 'completed', action: { type: 'search', query: 'x' } },
    { type: 'message', content: [{ type: 'output_text', text: 'hi' }] },
  ],
  usage: {
    input_tokens: 10_000,
    input_tokens_details: {
      cached_tokens: 6_000,
      cache_write_tokens: 3_000,
      cache_write_tokens_details: { ttl_30m_tokens: 2_000, ttl_12h_tokens: 1_000 },
    },
    output_tokens: 700,
    output_tokens_details: { reasoning_tokens: 500 },
    total_tokens: 10_700,
  },
}
/** The tokens of the response: $0.004 + $0.0024 + $0.01 + $0.008 + $0.014. */
const TOKENS_USD = 0.0384
const BESIDE_USD = 0.01 + 0.02

describe('the price of every class', () => {
  it.each([
    ['JSON', RESPONSE],
    [
      'a stream',
      events([
        {
          type: 'response.created',
          response: { ...RESPONSE, status: 'in_progress', usage: null, output: [] },
        },
        { type: 'response.output_text.delta', delta: 'hi' },
        { type: 'response.completed', response: RESPONSE },
      ]),
    ],
  ])('is charged once, and by the tier, in %s', async (_, body) => {
    const { harbor } = await answering(body, options({ ...PRICE, tiers: { priority: 3 } }))
    const answer =
      typeof body === 'string'
        ? await harbor.responses.create({ model: 'm', input: 'Hi', stream: true })
        : await harbor.responses.create({ model: 'm', input: 'Hi' })
    if (Symbol.asyncIterator in answer) await collect(answer)
    const cost = await costOf(answer)
    expect(cost).toMatchObject({ usage: 'reported', price: 'own' })
    expect(cost?.usd).toBeCloseTo(3 * TOKENS_USD + BESIDE_USD, 12)
    expect(receiptOf(answer)).toMatchObject({
      serviceTier: 'priority',
      usage: {
        inputTokens: 10_000,
        cachedInputTokens: 6_000,
        cacheWriteInputTokens: 3_000,
        cacheWriteTokensByTtl: { '30m': 2_000, '12h': 1_000 },
        outputTokens: 700,
        reasoningTokens: 500,
        serverToolUses: { web_search_requests: 1 },
      },
    })
    expect(harbor.stats().cost.spentUsd).toBeCloseTo(cost?.usd ?? NaN, 12)
  })

  it.each([
    [
      'JSON',
      chat('hi', { usage: { prompt_tokens: 100, completion_tokens: 10 }, service_tier: 'flex' }),
      false,
    ],
    [
      'a stream',
      events([
        chunk({ role: 'assistant', content: 'hi' }, 'stop'),
        {
          ...chunk({}),
          choices: [],
          usage: { prompt_tokens: 100, completion_tokens: 10 },
          service_tier: 'flex',
        },
      ]),
      true,
    ],
  ])('is what an answer from the cache saves, with the tier that it had: %s', async (_, body, stream) => {
    const price = { ...PRICE, tiers: { flex: 0.5 } }
    const { harbor, requests } = await answering(body, options(price, { cache: true }))
    for (const status of ['miss', 'hit']) {
      const answer = await harbor.chat.completions.create({ ...ask('Hi', { temperature: 0 }), stream })
      if (Symbol.asyncIterator in answer) await collect(answer)
      await expect.poll(() => receiptOf(answer)?.outcome).toBe('success')
      expect(receiptOf(answer)).toMatchObject({ serviceTier: 'flex', cache: { status } })
    }
    expect(requests).toHaveLength(1)
    const { spentUsd, savedByCacheUsd } = harbor.stats().cost
    expect(spentUsd).toBeCloseTo((100 * 4 + 10 * 20) / 2e6 + 0.01, 12)
    expect(savedByCacheUsd).toBeCloseTo(spentUsd, 12)
  })

  it.each<[Record<string, unknown>, RegExp]>([
    [
      { cacheWritePerMillion: '3' },
      /models\['m'\]\.price\.cacheWritePerMillion must be .*for each time to live/,
    ],
    [{ cacheWritePerMillion: -1 }, /cacheWritePerMillion/],
    [{ cacheWritePerMillion: { '5m': -1 } }, /price\.cacheWritePerMillion\.5m must be US dollars/],
    [
      { cacheWritePerMillion: { '5min': 1 } },
      /Unknown option models\['m'\]\.price\.cacheWritePerMillion\.5min/,
    ],
    [{ cacheWritePerMillion: null }, /cacheWritePerMillion/],
    [{ cacheWritePerMillion: [1] }, /cacheWritePerMillion/],
    [
      { cacheWritesPerMillion: 1 },
      /Unknown option .*cacheWritesPerMillion.* Did you mean .*cacheWritePerMillion/,
    ],
    [{ perRequest: -0.1 }, /price\.perRequest must be US dollars, at least 0, got -0\.1/],
    [{ perRequest: Infinity }, /perRequest/],
    [{ perServerToolUse: 1 }, /perServerToolUse must be an object/],
    [{ perServerToolUse: { web_search_requests: 'x' } }, /perServerToolUse\.web_search_requests must be/],
    [{ tiers: [0.5] }, /tiers must be an object/],
    [
      { tiers: { flex: { cacheWritePerMillion: { '1h': NaN } } } },
      /tiers\['flex'\]\.cacheWritePerMillion\.1h/,
    ],
    [{ tiers: { flex: { tiers: {} } } }, /tiers\['flex'\]\.tiers/],
  ])('is checked when the client is created: %j', (wrong, message) => {
    const price = { inputPerMillion: 1, outputPerMillion: 2, ...wrong } as Price
    expect(() => harborFor({ baseURL: 'http://127.0.0.1:1/v1' }, options(price))).toThrow(message)
  })
})

describe('a reservation', () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  /** A dollar for each token of input. */
  const DEAR: Price = { inputPerMillion: 1e6, outputPerMillion: 0 }

  /** Whether a limit of this many dollars lets a request pass. The answer itself costs little. */
  async function passes(usd: number, price: Price, more: object): Promise<boolean> {
    const spendLimit = { usd, per: 'total' } as const
    const { harbor, requests } = await answering(chat('hi', { usage }), options(price, { spendLimit }))
    const outcome = harbor.chat.completions.create(ask('Hi', { max_tokens: 1, ...more }))
    const failure = await outcome.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== undefined) expect(failure).toMatchObject({ code: 'spend_limit' })
    expect(requests).toHaveLength(failure === undefined ? 1 : 0)
    return failure === undefined
  }

  /** The money that a request needs, as the smallest limit that lets it pass: found by halving. */
  async function neededFor(price: Price, more: object): Promise<number> {
    let [low, high] = [0, 1_024]
    while (high - low > 0.5) {
      const middle = (low + high) / 2
      if (await passes(middle, price, more)) high = middle
      else low = middle
    }
    return high
  }

  it.each<[string, Price, object, number]>([
    ['a cache that costs nothing to write', DEAR, {}, 1],
    ['a cache that a mark asks for', DEAR, { prompt_cache_options: { ttl: '12h' } }, 2],
    [
      'a cache at your own price',
      { ...DEAR, cacheWritePerMillion: { '12h': 3e6 } },
      { prompt_cache_options: { ttl: '12h' } },
      3,
    ],
    ['a cache that writes by itself', { ...DEAR, cacheWritePerMillion: 1.25e6 }, {}, 1.25],
    ['a tier that costs more', DEAR, { service_tier: 'ultrafast' }, 6],
    [
      'a tier that costs less and may be missed',
      { ...DEAR, tiers: { flex: 0.5 } },
      { service_tier: 'flex' },
      1,
    ],
    [
      'a tier at your own price',
      { ...DEAR, tiers: { priority: { inputPerMillion: 3e6 } } },
      { service_tier: 'priority' },
      3,
    ],
  ])('covers %s', async (_, price, more, factor) => {
    const plain = await neededFor(DEAR, {})
    const needed = await neededFor(price, more)
    // The request with the option itself may be a few tokens longer.
    expect(needed / plain).toBeGreaterThanOrEqual(factor * 0.9)
    expect(needed / plain).toBeLessThanOrEqual(factor * 1.5)
  })

  it('covers the request itself', async () => {
    const price = { inputPerMillion: 0, outputPerMillion: 0, perRequest: 2 }
    expect(await passes(1.99, price, {})).toBe(false)
    expect(await passes(2, price, {})).toBe(true)
  })

  it.each<[string, object, number]>([
    ['gpt-5', {}, 9_216],
    ['gpt-5', { reasoning_effort: 'high' }, 9_216],
    ['gpt-5', { n: 2 }, 18_432],
    ['gpt-5', { reasoning_effort: 'none' }, 1_024],
    ['gpt-5', { max_completion_tokens: 500 }, 500],
    ['gemini-3-flash-preview', { max_tokens: 500 }, 8_692],
    ['gpt-4o', {}, 1_024],
    ['made-up', {}, 9_216],
  ])('covers the thoughts of a model that thinks by itself: %s %j', async (model, more, tokens) => {
    const models = { [model]: { price: { inputPerMillion: 0, outputPerMillion: 1 } } }
    for (const [count, status] of [
      [tokens - 1, 402],
      [tokens, undefined],
    ] as const) {
      const spendLimit = { usd: count / 1e6, per: 'total' } as const
      const { harbor } = await answering(chat('hi', { usage }), { models, spendLimit })
      const outcome = harbor.chat.completions.create({ ...ask('Hi'), ...more, model }).then(
        () => undefined,
        (error: unknown) => (error as { status?: number }).status,
      )
      expect(await outcome).toBe(status)
    }
  })

  it('covers the thoughts of a fallback target that thinks by itself', async () => {
    const price = { inputPerMillion: 0, outputPerMillion: 1 }
    const models = { 'gpt-4o': { price }, 'gpt-5': { price } }
    const chain = { models, fallback: ['gpt-5'] }
    for (const usd of [0.009215, 0.009216]) {
      const spendLimit = { usd, per: 'total' } as const
      const { harbor, requests } = await answering(chat('hi', { usage }), { ...chain, spendLimit })
      const outcome = harbor.chat.completions.create({ ...ask('Hi'), model: 'gpt-4o' })
      if (usd < 0.009216) expect(await failureOf(outcome)).toMatchObject({ code: 'spend_limit' })
      else await outcome
      expect(requests).toHaveLength(usd < 0.009216 ? 0 : 1)
    }
  })

  it.each([
    [{ type: 'video_url', video_url: { url: 'https://example.com/v.mp4' } }, 1_048_576],
    [{ type: 'video_url', video_url: { url: `data:video/mp4;base64,${'A'.repeat(400_000)}` } }, 23_000],
  ])('covers a video by its length, or by the context window', async (part, tokens) => {
    const price = { inputPerMillion: 1, outputPerMillion: 0 }
    for (const [usd, isSent] of [
      [(tokens - 1) / 1e6, false],
      [(tokens * 1.1) / 1e6, true],
    ] as const) {
      const spendLimit = { usd, per: 'total' } as const
      const { harbor, requests } = await answering(chat('hi', { usage }), options(price, { spendLimit }))
      const messages = [{ role: 'user', content: [part] }] as never
      await harbor.chat.completions.create({ model: 'm', messages }).catch(() => undefined)
      expect(requests).toHaveLength(isSent ? 1 : 0)
    }
  })

  it('covers reasoning and audio at their own rates', async () => {
    const reasoning = { inputPerMillion: 0, outputPerMillion: 1e6, reasoningPerMillion: 3e6 }
    expect(await passes(29, reasoning, { max_tokens: 10 })).toBe(false)
    expect(await passes(30, reasoning, { max_tokens: 10 })).toBe(true)
    const audio = { inputPerMillion: 0, outputPerMillion: 1e6, audioOutputPerMillion: 5e6 }
    const spoken = { max_tokens: 10, modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }
    expect(await passes(10, audio, { max_tokens: 10 })).toBe(true)
    expect(await passes(49, audio, spoken)).toBe(false)
    expect(await passes(50, audio, spoken)).toBe(true)
  })
})

describe('an estimated cost', () => {
  const price = { inputPerMillion: 0, outputPerMillion: 1e6, tiers: { priority: 4, flex: 0.5 } }
  const stream = (tier?: string): string =>
    events([
      chunk(
        { role: 'assistant', content: 'one two three' },
        'stop',
        tier === undefined ? {} : { service_tier: tier },
      ),
    ])

  async function usdOf(requested: string | undefined, answered: string | undefined): Promise<number> {
    const { harbor } = await answering(stream(answered), options(price))
    const request = {
      ...ask(),
      stream: true as const,
      ...(requested !== undefined && { service_tier: requested as 'flex' }),
    }
    const answer = await harbor.chat.completions.create(request)
    await collect(answer)
    expect(await costOf(answer)).toMatchObject({ usage: 'estimated' })
    return (await costOf(answer))?.usd ?? NaN
  }

  it('counts the tier that was requested where the answer names none, if it costs more', async () => {
    const usual = await usdOf(undefined, undefined)
    expect(usual).toBeGreaterThan(0)
    expect(await usdOf('priority', undefined)).toBeCloseTo(4 * usual, 9)
    expect(await usdOf('flex', undefined)).toBeCloseTo(usual, 9)
    expect(await usdOf('priority', 'default')).toBeCloseTo(usual, 9)
    expect(await usdOf('flex', 'flex')).toBeCloseTo(usual / 2, 9)
  })

  it('of what may have been billed counts the tier that was requested', async () => {
    const upstream = await serve((_, response) => response.destroy())
    const possibly = async (more: object): Promise<number> => {
      const harbor = harborFor(upstream, options(price, { maxRetries: 0 }))
      await failureOf(harbor.chat.completions.create(ask('Hi', { max_tokens: 10, ...more })))
      return harbor.stats().cost.possiblyBilledUsd
    }
    expect(await possibly({})).toBeCloseTo(10, 9)
    expect(await possibly({ service_tier: 'priority' })).toBeCloseTo(40, 9)
    expect(await possibly({ service_tier: 'flex' })).toBeCloseTo(10, 9)
  })
})
