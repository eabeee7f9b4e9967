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
    ['Embeddings, which write nothing', { prompt_tokens: 3, total_tokens: 3 }, tokens(3, 0)],
    ['an answer to nothing', { completion_tokens: 4 }, tokens(0, 4)],
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
  ])('takes %j for none', (usage) => {
    expect(readUsage(usage)).toBeUndefined()
  })
})
