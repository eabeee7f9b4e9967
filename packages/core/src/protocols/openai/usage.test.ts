import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUsage } from './usage.ts'

const tokens = (
  inputTokens: number,
  outputTokens: number,
  cachedInputTokens = 0,
  reasoningTokens = 0,
): object => ({
  inputTokens,
  outputTokens,
  cachedInputTokens,
  cacheWriteInputTokens: 0,
  audioInputTokens: 0,
  reasoningTokens,
  audioOutputTokens: 0,
})

describe('readUsage', () => {
  it.each<[string, object, object]>([
    ['Chat Completions', { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }, tokens(3, 4)],
    [
      'Chat Completions with details',
      {
        prompt_tokens: 30,
        completion_tokens: 40,
        prompt_tokens_details: { cached_tokens: 20 },
        completion_tokens_details: { reasoning_tokens: 10 },
      },
      tokens(30, 40, 20, 10),
    ],
    [
      'Responses',
      {
        input_tokens: 30,
        output_tokens: 40,
        input_tokens_details: { cached_tokens: 20 },
        output_tokens_details: { reasoning_tokens: 10 },
      },
      tokens(30, 40, 20, 10),
    ],
    ['equal totals, which leave no output', { prompt_tokens: 3, total_tokens: 3 }, tokens(3, 0)],
    ['input that only the total shows', { completion_tokens: 4, total_tokens: 9 }, tokens(5, 4)],
    ['output that only the total shows', { prompt_tokens: 4, total_tokens: 9 }, tokens(4, 5)],
    [
      'what the total has more as output',
      { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 },
      tokens(20, 603),
    ],
    [
      'a total that is too small as no correction',
      { prompt_tokens: 20, completion_tokens: 8, total_tokens: 5 },
      tokens(20, 8),
    ],
    [
      'a cached part larger than the input as an addition to it',
      { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 90 } },
      tokens(100, 1, 90),
    ],
    [
      'details that are no counts as none',
      {
        prompt_tokens: 3,
        completion_tokens: 4,
        prompt_tokens_details: { cached_tokens: -1 },
        completion_tokens_details: { reasoning_tokens: Infinity },
      },
      tokens(3, 4),
    ],
    [
      'reasoning that comes on top of the output, as its total shows',
      {
        prompt_tokens: 307,
        completion_tokens: 26,
        total_tokens: 560,
        completion_tokens_details: { reasoning_tokens: 227 },
      },
      tokens(307, 253, 0, 227),
    ],
    [
      'every other class',
      {
        prompt_tokens: 30,
        completion_tokens: 9,
        prompt_cache_hit_tokens: 4,
        prompt_tokens_details: { cache_write_tokens: 5, audio_tokens: 6 },
        completion_tokens_details: { audio_tokens: 7 },
      },
      {
        ...tokens(30, 9, 4),
        cacheWriteInputTokens: 5,
        audioInputTokens: 6,
        audioOutputTokens: 7,
      },
    ],
    ['nothing used', { prompt_tokens: 0, completion_tokens: 0 }, tokens(0, 0)],
    [
      'details that are null',
      { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: null },
      tokens(3, 4),
    ],
    ['fields that are unknown', { prompt_tokens: 3, completion_tokens: 4, queue_time: 0.04 }, tokens(3, 4)],
  ])('reads %s', (_, usage, expected) => {
    expect(readUsage(usage)).toEqual(expected)
  })

  it.each([
    undefined,
    null,
    7,
    'text',
    [],
    {},
    { total_tokens: 3 },
    { prompt_tokens: '3' },
    { prompt_tokens: -1 },
    { prompt_tokens: 3 },
    { completion_tokens: 4 },
    { prompt_tokens: Infinity, completion_tokens: 1 },
    { prompt_tokens: 1, completion_tokens: 1e300 },
    { prompt_tokens: 1, completion_tokens: NaN },
    { prompt_tokens: 2 ** 53, completion_tokens: 1 },
    { prompt_tokens: 1.5, completion_tokens: 1 },
    { prompt_tokens: 1, completion_tokens: 1, total_tokens: Infinity },
    { prompt_tokens: [1], completion_tokens: 1 },
  ])('takes %j for none', (usage) => {
    expect(readUsage(usage)).toBeUndefined()
  })

  it('takes embeddings to have input alone', () => {
    expect(readUsage({ prompt_tokens: 3, total_tokens: 3 }, false)).toEqual(tokens(3, 0))
    expect(readUsage({ total_tokens: 3 }, false)).toEqual(tokens(3, 0))
    expect(readUsage({ prompt_tokens: 3, completion_tokens: 0, total_tokens: 5 }, false)).toEqual(
      tokens(3, 0),
    )
  })

  it('gives safe integers, at least 0, within bounds, or nothing', () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.bigInt().map(Number),
      fc.constantFrom(-0, Infinity, null, '7', {}),
    )
    const details = fc.option(
      fc.dictionary(fc.constantFrom('cached_tokens', 'reasoning_tokens', 'audio_tokens'), number),
    )
    const usage = fc.record(
      {
        prompt_tokens: number,
        completion_tokens: number,
        total_tokens: number,
        prompt_tokens_details: details,
        completion_tokens_details: details,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(usage, fc.boolean(), (given, hasOutput) => {
        for (const count of Object.values(readUsage(given, hasOutput) ?? {})) {
          expect(Number.isSafeInteger(count)).toBe(true)
          expect(count).toBeGreaterThanOrEqual(0)
          expect(count).toBeLessThanOrEqual(4e9)
        }
      }),
    )
  })
})

describe('the cache writes of OpenAI', () => {
  const details = (fields: object): object => ({
    input_tokens: 100,
    output_tokens: 4,
    input_tokens_details: fields,
  })

  it('are counted by their time to live', () => {
    const ttls = { ttl_30m_tokens: 30, ttl_12h_tokens: 20 }
    const writes = { cached_tokens: 40, cache_write_tokens: 50, cache_write_tokens_details: ttls }
    expect(readUsage(details(writes))).toEqual({
      ...tokens(100, 4, 40),
      cacheWriteInputTokens: 50,
      cacheWriteTokensByTtl: { '30m': 30, '12h': 20 },
    })
  })

  it.each<[object, number, object | undefined]>([
    [{ cache_write_tokens: 50 }, 50, undefined],
    [{ cache_write_tokens: 50, cache_write_tokens_details: null }, 50, undefined],
    [
      { cache_write_tokens: 50, cache_write_tokens_details: { ttl_12h_tokens: 20 } },
      50,
      { '30m': 0, '12h': 20 },
    ],
    [
      { cache_write_tokens: 5, cache_write_tokens_details: { ttl_12h_tokens: 20 } },
      20,
      { '30m': 0, '12h': 20 },
    ],
    [{ cache_write_tokens_details: { ttl_30m_tokens: -1, ttl_12h_tokens: 1e300 } }, 0, undefined],
    [{ cache_write_tokens_details: { ttl_30m_tokens: '7' } }, 7, { '30m': 7, '12h': 0 }],
    [{ cache_write_tokens_details: { ttl_30m_tokens: 'x' } }, 0, undefined],
  ])('are %j at least as many as their parts', (fields, all, byTtl) => {
    const usage = readUsage(details(fields))
    expect(usage).toMatchObject({ inputTokens: 100, cacheWriteInputTokens: all })
    expect(usage?.cacheWriteTokensByTtl).toEqual(byTtl)
  })
})

describe('the cache of Anthropic behind a gateway', () => {
  it('is counted, whether the input includes it or not', () => {
    const cache = { cache_read_input_tokens: 60, cache_creation_input_tokens: 30 }
    const counted = { cachedInputTokens: 60, cacheWriteInputTokens: 30 }
    const included = readUsage({ prompt_tokens: 100, completion_tokens: 1, ...cache })
    expect(included).toMatchObject({ inputTokens: 100, ...counted })
    const apart = readUsage({ prompt_tokens: 10, completion_tokens: 1, ...cache })
    expect(apart).toMatchObject({ inputTokens: 100, ...counted })
  })
})

describe('the image tokens of an answer', () => {
  it('are known only where they are reported', () => {
    const usage = (fields: object): object => ({
      prompt_tokens: 1,
      completion_tokens: 9,
      completion_tokens_details: fields,
    })
    expect(readUsage(usage({ image_tokens: 0 }))?.imageOutputTokens).toBe(0)
    expect(readUsage(usage({ image_tokens: 7 }))?.imageOutputTokens).toBe(7)
    expect(readUsage(usage({ image_tokens: -7 }))).not.toHaveProperty('imageOutputTokens')
    expect(readUsage(usage({}))).not.toHaveProperty('imageOutputTokens')
  })
})
