import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../../base/json.ts'
import { MessagesUsage } from './messages-usage.ts'

function usageOf(...reports: readonly JsonBody[]): MessagesUsage {
  const reader = new MessagesUsage()
  for (const usage of reports) reader.read({ usage })
  return reader
}

const count = fc.integer({ min: 0, max: 200_000_000 })
const report = fc.record({
  input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  output_tokens: count,
})

describe('MessagesUsage', () => {
  it('adds the classes of input, which Anthropic reports apart', () => {
    const usage = {
      input_tokens: 5,
      cache_read_input_tokens: 700,
      cache_creation_input_tokens: 90,
      cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 30 },
      output_tokens: 40,
      output_tokens_details: { thinking_tokens: 25 },
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 0 },
      service_tier: 'priority',
    }
    expect(usageOf(usage)).toMatchObject({
      serviceTier: 'priority',
      usage: {
        inputTokens: 795,
        cachedInputTokens: 700,
        cacheWriteInputTokens: 90,
        cacheWriteTokensByTtl: { '5m': 60, '1h': 30 },
        outputTokens: 40,
        reasoningTokens: 25,
        serverToolUses: { web_search_requests: 2 },
      },
    })
  })

  it('lets later counts replace earlier ones, and nulls leave them', () => {
    const start = { input_tokens: 43, cache_read_input_tokens: 7, output_tokens: 1, service_tier: 'standard' }
    const delta = { input_tokens: 61, cache_read_input_tokens: null, output_tokens: 2 }
    expect(usageOf(start, { output_tokens: 1 }, delta)).toMatchObject({
      serviceTier: 'standard',
      usage: { inputTokens: 68, cachedInputTokens: 7, outputTokens: 2 },
    })
  })

  it('reads the usage in a message_start', () => {
    const reader = new MessagesUsage()
    expect(reader.read({ message: { usage: { input_tokens: 3, output_tokens: 1 } } })).toBe(true)
    expect(reader.read({ type: 'content_block_stop' })).toBe(false)
    expect(reader.usage).toMatchObject({ inputTokens: 3, outputTokens: 1 })
  })

  it('adds a compaction, which is not in the totals', () => {
    const step = { input_tokens: 60_385, output_tokens: 522, cache_creation_input_tokens: 10 }
    const totals = { input_tokens: 612, output_tokens: 2_819 }
    const iterations = [
      { ...step, type: 'compaction' },
      { ...totals, type: 'message' },
    ]
    expect(usageOf({ ...totals, iterations }).usage).toMatchObject({
      inputTokens: 61_007,
      cacheWriteInputTokens: 10,
      outputTokens: 3_341,
    })
  })

  it('adds what a model wrote before it declined, but not what it declined at once', () => {
    const totals = { input_tokens: 412, output_tokens: 264 }
    const declined = { type: 'message', input_tokens: 408, output_tokens: 0 }
    const served = { ...totals, type: 'fallback_message' }
    expect(usageOf({ ...totals, iterations: [declined, served] }).usage).toMatchObject({
      inputTokens: 412,
      outputTokens: 264,
    })
    const iterations = [{ ...declined, output_tokens: 30 }, served]
    expect(usageOf({ ...totals, iterations }).usage).toMatchObject({ inputTokens: 820, outputTokens: 294 })
  })

  it('knows the time to live of cache writes from the totals, if the steps do not say it', () => {
    const totals = { input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 9 }
    const cache_creation = { ephemeral_5m_input_tokens: 9 }
    const { usage } = usageOf({ ...totals, cache_creation, iterations: [{ ...totals, type: 'message' }] })
    expect(usage).toMatchObject({ cacheWriteInputTokens: 9, cacheWriteTokensByTtl: { '5m': 9 } })
  })

  it('counts steps that are in the totals once', () => {
    const totals = { input_tokens: 30, output_tokens: 12 }
    const iterations = [1, 2].map((half) => ({
      type: 'message',
      input_tokens: 10 * half,
      output_tokens: 4 * half,
    }))
    expect(usageOf({ ...totals, iterations }).usage).toMatchObject({ inputTokens: 30, outputTokens: 12 })
  })

  it.each<[JsonBody, string | undefined]>([
    [{}, undefined],
    [{ service_tier: 'batch', speed: 'standard' }, 'batch'],
    [{ service_tier: 'standard', speed: 'fast' }, 'fast'],
    [{ service_tier: 'standard', inference_geo: 'not_available' }, 'standard'],
    [{ service_tier: 'standard', inference_geo: 'global' }, 'standard'],
    [{ service_tier: 'Standard', inference_geo: 'us' }, 'standard:us'],
    [{ inference_geo: 'us' }, 'standard:us'],
    [{ service_tier: 'x y'.repeat(500) }, undefined],
    [{ service_tier: 7 }, undefined],
  ])('names the tier that decides the price: %j', (fields, tier) => {
    expect(usageOf({ input_tokens: 1, output_tokens: 1, ...fields }).serviceTier).toBe(tier)
  })

  it.each<[string, JsonBody]>([
    ['no output', { input_tokens: 1 }],
    ['no input', { output_tokens: 1 }],
    ['a negative count', { input_tokens: -1, output_tokens: 1 }],
    ['a fraction', { input_tokens: 1.5, output_tokens: 1 }],
    ['a text', { input_tokens: '1', output_tokens: 1 }],
    ['a huge count', { input_tokens: 1, output_tokens: 1e12 }],
    ['a huge count of the cache', { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 1e12 }],
    ['a sum that is huge', { input_tokens: 9e8, output_tokens: 1, cache_read_input_tokens: 9e8 }],
  ])('reports nothing for %s, so that the usage is estimated', (_, usage) => {
    expect(usageOf(usage).usage).toBeUndefined()
  })

  it('takes the writes by time to live for the sum when it is missing or smaller', () => {
    const cache_creation = {
      ephemeral_5m_input_tokens: 7,
      ephemeral_1h_input_tokens: 5,
      ephemeral_9d_input_tokens: 3,
    }
    expect(usageOf({ input_tokens: 1, output_tokens: 1, cache_creation }).usage).toMatchObject({
      inputTokens: 13,
      cacheWriteInputTokens: 12,
    })
  })

  it('has plausible counts whatever the server reports', () => {
    const anything = fc.dictionary(
      fc.constantFrom(
        'input_tokens',
        'output_tokens',
        'cache_read_input_tokens',
        'cache_creation_input_tokens',
        'cache_creation',
        'iterations',
        'server_tool_use',
        'output_tokens_details',
      ),
      fc.oneof(
        count,
        fc.double(),
        fc.jsonValue(),
        fc.array(report),
        fc.record({
          thinking_tokens: fc.double(),
          web_search_requests: fc.double(),
          ephemeral_1h_input_tokens: fc.double(),
        }),
      ),
    )
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), (reports) => {
        const { usage } = usageOf(...(reports as JsonBody[]))
        if (!usage) return
        const { inputTokens, outputTokens, cachedInputTokens, cacheWriteInputTokens, reasoningTokens } = usage
        for (const tokens of [
          inputTokens,
          outputTokens,
          cachedInputTokens,
          cacheWriteInputTokens,
          reasoningTokens,
        ]) {
          expect(Number.isSafeInteger(tokens) && tokens >= 0 && tokens <= 1e9).toBe(true)
        }
        expect(cachedInputTokens + cacheWriteInputTokens).toBeLessThanOrEqual(inputTokens)
        expect(reasoningTokens).toBeLessThanOrEqual(outputTokens)
      }),
    )
  })

  it.each([
    { input_tokens: 0, output_tokens: 20 },
    { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 20 },
    { output_tokens: 20 },
  ])('keeps the input of message_start when message_delta says %j', (delta) => {
    const start = { input_tokens: 500, cache_read_input_tokens: 100, output_tokens: 1 }
    expect(usageOf(start, delta).usage).toMatchObject({ inputTokens: 600, outputTokens: 20 })
  })

  it('adds up to what the vendor bills, however the report is spread over the events', () => {
    fc.assert(
      fc.property(report, report, (first, last) => {
        const { usage } = usageOf(first, last)
        const inputOf = (each: typeof last): number =>
          each.input_tokens + each.cache_read_input_tokens + each.cache_creation_input_tokens
        // A last report of nothing says nothing.
        expect(usage).toMatchObject({
          inputTokens: inputOf(last) || inputOf(first),
          outputTokens: last.output_tokens || first.output_tokens,
        })
      }),
    )
  })
})
