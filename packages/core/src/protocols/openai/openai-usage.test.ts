import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../../base/json.ts'
import { OpenAIUsage } from './openai-usage.ts'

const USAGE = { input_tokens: 3, output_tokens: 4 }

function read(...events: readonly JsonBody[]): OpenAIUsage {
  const reader = new OpenAIUsage()
  for (const event of events) reader.read(event)
  return reader
}

describe('the service tier of OpenAI', () => {
  it.each<[string, readonly JsonBody[], string | undefined]>([
    ['an answer', [{ usage: USAGE, service_tier: 'Flex' }], 'flex'],
    ['a usage report', [{ usage: { ...USAGE, service_tier: 'priority' } }], 'priority'],
    ['an answer that has both', [{ usage: { ...USAGE, service_tier: 'x' }, service_tier: 'flex' }], 'flex'],
    ['an earlier event', [{ service_tier: 'flex' }, { usage: USAGE }], 'flex'],
    [
      'a response that is due within hours',
      [{ service_tier: 'default', background_options: { completion_window: '8h' } }],
      'default:8h',
    ],
    [
      'a stream that repeats both',
      [
        { service_tier: 'auto', background_options: { completion_window: '8h' } },
        { background_options: { completion_window: '8h' }, usage: USAGE },
      ],
      'auto:8h',
    ],
    [
      'a response whose time is all it names',
      [{ background_options: { completion_window: '2h' } }],
      'default:2h',
    ],
    [
      'a response that is due soon',
      [{ service_tier: 'default', background_options: { completion_window: 'soonest' } }],
      'default',
    ],
    [
      'a text that is no word',
      [{ service_tier: 'a b', background_options: { completion_window: '8h\n' } }],
      undefined,
    ],
  ])('is that of %s', (_, events, tier) => {
    expect(read(...events).serviceTier).toBe(tier)
  })
})

describe('the tools that OpenAI runs', () => {
  it('are counted where they are charged', () => {
    const output = [
      { type: 'web_search_call', action: { type: 'search', query: 'x' } },
      { type: 'web_search_call', action: { type: 'open_page' } },
      { type: 'web_search_call' },
      { type: 'file_search_call' },
      { type: 'function_call', name: 'web_search_call' },
      { type: 'constructor' },
      null,
    ]
    const { usage } = read({ usage: USAGE, output })
    expect(usage).toMatchObject({ inputTokens: 3, outputTokens: 4 })
    expect(usage?.serverToolUses).toEqual({ web_search_requests: 2, file_search_requests: 1 })
  })

  it('are left out where there are none', () => {
    expect(read({ usage: USAGE, output: [{ type: 'message' }] }).usage).not.toHaveProperty('serverToolUses')
    expect(read({ usage: USAGE, output: 'x' }).usage).not.toHaveProperty('serverToolUses')
    expect(read({ usage: {}, output: [{ type: 'web_search_call' }] }).usage).toBeUndefined()
  })
})

describe('the usage of a stream with several reports', () => {
  const FIRST = { usage: { ...USAGE, input_tokens_details: { cached_tokens: 2 }, cost: 0.5 } }

  it.each([
    {},
    { input_tokens: 0, output_tokens: 0, total_tokens: 0, cost: 0 },
    { input_tokens: null, output_tokens: null },
    { cost: 0.5 },
  ])('is not replaced by %j, which says nothing of tokens', (last) => {
    const { usage, costUsd } = read(FIRST, { usage: last })
    expect(usage).toMatchObject({ inputTokens: 3, outputTokens: 4, cachedInputTokens: 2 })
    expect(costUsd).toBe(0.5)
  })

  it('is what a later report says', () => {
    const { usage, costUsd } = read(FIRST, { usage: { input_tokens: 9, output_tokens: 8, cost: 0.7 } })
    expect(usage).toMatchObject({ inputTokens: 9, outputTokens: 8 })
    expect(costUsd).toBe(0.7)
    expect(read(FIRST, { usage: { input_tokens: -9, output_tokens: 8 } }).usage).toBeUndefined()
  })

  it('takes no more memory, however many fields the reports bring', () => {
    const reports = Array.from({ length: 1_000 }, (_, at) => ({ usage: { ...USAGE, [`x${at}`]: 1 } }))
    expect(read(...reports).usage).toMatchObject({ inputTokens: 3, outputTokens: 4 })
  })
})

describe('the spellings of gateways', () => {
  it('are read: counts as texts, reasoning beside them, and a cost in parts', () => {
    const { usage, costUsd } = read({
      usage: {
        prompt_tokens: '12',
        completion_tokens: '30',
        reasoning_tokens: 20,
        cost: { input_tokens_cost: 0.1, total_cost: 0.25 },
      },
    })
    expect(usage).toMatchObject({ inputTokens: 12, outputTokens: 30, reasoningTokens: 20 })
    expect(costUsd).toBe(0.25)
  })
})
