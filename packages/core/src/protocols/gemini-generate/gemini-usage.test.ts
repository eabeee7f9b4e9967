import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GeminiUsage } from './gemini-usage.ts'

function read(usageMetadata: object, hasOutput = true): GeminiUsage {
  const usage = new GeminiUsage(hasOutput)
  usage.read({ usageMetadata })
  return usage
}

describe('the usage of a Gemini answer', () => {
  it('has the thoughts in its output, and the results of tools in its input', () => {
    const { usage } = read({
      promptTokenCount: 100,
      cachedContentTokenCount: 60,
      toolUsePromptTokenCount: 7,
      candidatesTokenCount: 20,
      thoughtsTokenCount: 30,
      totalTokenCount: 157,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 90 },
        { modality: 'AUDIO', tokenCount: 10 },
      ],
      candidatesTokensDetails: [
        { modality: 'AUDIO', tokenCount: 4 },
        { modality: 'IMAGE', tokenCount: 12 },
      ],
    })
    expect(usage).toMatchObject({
      inputTokens: 107,
      cachedInputTokens: 60,
      outputTokens: 50,
      reasoningTokens: 30,
      audioInputTokens: 10,
      audioOutputTokens: 4,
      imageOutputTokens: 12,
    })
  })

  it('counts as output what only the total contains', () => {
    expect(read({ promptTokenCount: 10, totalTokenCount: 25 }).usage).toMatchObject({
      inputTokens: 10,
      outputTokens: 15,
    })
  })

  it('is the last report of a stream, since the counts are running totals', () => {
    const usage = new GeminiUsage()
    usage.read({ usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5 } })
    usage.read({ usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 12 } })
    expect(usage.usage).toMatchObject({ inputTokens: 9, outputTokens: 12 })
  })

  it.each([
    { totalTokenCount: 0 },
    { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 },
    { totalTokenCount: 30, candidatesTokenCount: 20 },
  ])('keeps the counts about which the last report says nothing: %j', (last) => {
    const reader = new GeminiUsage()
    reader.read({ usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 20, totalTokenCount: 30 } })
    reader.read({ usageMetadata: last })
    expect(reader.usage).toMatchObject({ inputTokens: 10, outputTokens: 20 })
  })

  it('does not cover the content of a stream before candidates are counted', () => {
    const usage = new GeminiUsage()
    expect(usage.read({ usageMetadata: { trafficType: 'ON_DEMAND' } })).toBe(false)
    expect(usage.read({ usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 } })).toBe(false)
    expect(usage.read({ usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 1 } })).toBe(true)
    expect(usage.read({})).toBe(false)
  })

  it('has only input for embeddings', () => {
    expect(read({ promptTokenCount: 8 }, false).usage).toMatchObject({ inputTokens: 8, outputTokens: 0 })
    expect(read({ totalTokenCount: 8 }, false).usage).toMatchObject({ inputTokens: 8, outputTokens: 0 })
  })

  it.each([
    ['ON_DEMAND', 'on_demand'],
    ['ON_DEMAND_FLEX', 'flex'],
    ['ON_DEMAND_PRIORITY', 'priority'],
    ['ON_DEMAND_OFFPEAK', 'offpeak'],
    ['PROVISIONED_THROUGHPUT', 'provisioned_throughput'],
    ['ON_DEMAND_NEW', 'new'],
    ['TRAFFIC_TYPE_UNSPECIFIED', undefined],
    ['two words', undefined],
  ])('names the tier of %s traffic', (trafficType, tier) => {
    expect(read({ trafficType }).serviceTier).toBe(tier)
  })

  it('is undefined or plausible, whatever a server sends', () => {
    const number = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(null, undefined, '7', -1, NaN, Infinity, 1e30, 2 ** 53, {}),
    )
    const report = fc.record(
      {
        promptTokenCount: number,
        candidatesTokenCount: number,
        thoughtsTokenCount: number,
        toolUsePromptTokenCount: number,
        cachedContentTokenCount: number,
        totalTokenCount: number,
        promptTokensDetails: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ modality: fc.constant('AUDIO'), tokenCount: number })),
        ),
        trafficType: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(report, fc.boolean(), (usageMetadata, hasOutput) => {
        const { usage, serviceTier } = read(usageMetadata, hasOutput)
        for (const count of Object.values(usage ?? {}))
          expect(Number.isSafeInteger(count) && (count as number) >= 0).toBe(true)
        expect(serviceTier ?? 'none').toMatch(/^[\w.:-]{1,64}$/)
      }),
    )
  })
})
