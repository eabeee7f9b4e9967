import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { TokenUsage } from './receipt.ts'
import { sumOfUsages } from './sum-of-usages.ts'
import { tokenUsage } from './token-usage.ts'

const tokens = fc.nat({ max: 10_000 })
const INPUT_PARTS = ['cachedInputTokens', 'cacheWriteInputTokens', 'audioInputTokens'] as const
const OUTPUT_PARTS = ['reasoningTokens', 'audioOutputTokens', 'imageOutputTokens'] as const
const tools = fc.option(fc.dictionary(fc.constantFrom('web_search_requests', 'code_runs'), tokens), {
  nil: undefined,
})

/** A usage as a provider or an estimate has it: a part of an estimate may be greater than the answer. */
const usages = fc
  .record({
    inputTokens: tokens,
    outputTokens: tokens,
    cachedInputTokens: tokens,
    audioInputTokens: tokens,
    reasoningTokens: tokens,
    audioOutputTokens: tokens,
    imageOutputTokens: fc.option(tokens, { nil: undefined }),
    serverToolUses: tools,
    written: fc.double({ min: 0, max: 1, noNaN: true }),
    early: fc.double({ min: 0, max: 1, noNaN: true }),
    isByTtl: fc.boolean(),
  })
  .map(({ written, early, isByTtl, ...usage }): TokenUsage => {
    const cacheWriteInputTokens = Math.floor(written * usage.inputTokens)
    const short = Math.floor(early * cacheWriteInputTokens)
    const cacheWriteTokensByTtl = isByTtl ? { '5m': short, '1h': cacheWriteInputTokens - short } : undefined
    return { ...usage, cacheWriteInputTokens, cacheWriteTokensByTtl }
  })

it('has no class with more tokens than its total, and loses nothing that was reported', () => {
  let cut = 0
  let reported = 0
  fc.assert(
    fc.property(fc.array(usages, { minLength: 1, maxLength: 4 }), (parts) => {
      const sum = sumOfUsages(parts)
      for (const name of INPUT_PARTS) expect(sum[name]).toBeLessThanOrEqual(sum.inputTokens)
      for (const name of OUTPUT_PARTS) expect(sum[name] ?? 0).toBeLessThanOrEqual(sum.outputTokens)
      const total = (name: keyof TokenUsage) => parts.reduce((all, part) => all + Number(part[name]), 0)
      for (const name of ['inputTokens', 'outputTokens', 'cacheWriteInputTokens'] as const)
        expect(sum[name]).toBe(total(name))
      const byTtl = Object.values(sum.cacheWriteTokensByTtl ?? {}).reduce((all, each) => all + each, 0)
      expect(byTtl).toBeLessThanOrEqual(sum.cacheWriteInputTokens)
      if (parts.every((part) => part.cacheWriteTokensByTtl)) expect(byTtl).toBe(sum.cacheWriteInputTokens)
      for (const name of [...INPUT_PARTS, ...OUTPUT_PARTS]) {
        const of = name.includes('nput') ? 'inputTokens' : 'outputTokens'
        const isBounded = parts.every((part) => (part[name] ?? Infinity) <= part[of])
        if (isBounded) expect(sum[name]).toBe(total(name))
        if (isBounded) reported++
        else cut++
      }
      const uses = parts.map(({ serverToolUses }) => serverToolUses?.['web_search_requests'] ?? 0)
      expect(sum.serverToolUses?.['web_search_requests'] ?? 0).toBe(uses.reduce((all, each) => all + each, 0))
    }),
    { seed: 1 },
  )
  expect(cut).toBeGreaterThan(50)
  expect(reported).toBeGreaterThan(50)
})

it('does not know a class that one of the usages does not have', () => {
  const known = { ...tokenUsage(10, 10), imageOutputTokens: 5 }
  expect(sumOfUsages([known, tokenUsage(1, 1)]).imageOutputTokens).toBeUndefined()
  expect(sumOfUsages([known, known]).imageOutputTokens).toBe(10)
})
