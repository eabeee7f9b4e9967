import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../../base/json.ts'
import { TOKENS } from './messages-tokens.ts'

const request = (more: JsonBody): JsonBody => ({
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'How is the weather?' }] }],
  ...more,
})

describe('the estimate of a request', () => {
  it('assumes no cache write and no search where the request asks for none', () => {
    const estimate = TOKENS.estimate(request({ tools: [{ name: 'f', input_schema: {} }] }))
    expect(estimate).toMatchObject({ cacheWriteInputTokens: 0, outputTokens: 100 })
    expect(estimate.cacheWriteTokensByTtl).toBeUndefined()
    expect(estimate.serverToolUses).toBeUndefined()
  })

  it.each([
    [{ cache_control: { type: 'ephemeral' } }, '5m'],
    [{ system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] }, '1h'],
  ])('assumes that all input is written to a cache that it asks for: %j', (more, ttl) => {
    const { inputTokens, cacheWriteInputTokens, cacheWriteTokensByTtl } = TOKENS.estimate(request(more))
    expect(inputTokens).toBeGreaterThan(0)
    expect(cacheWriteInputTokens).toBe(inputTokens)
    expect(cacheWriteTokensByTtl).toEqual({ [ttl]: inputTokens })
  })

  it.each<[object, number]>([
    [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }, 3],
    [{ type: 'web_search_20260901', name: 'web_search' }, 10],
    [{ type: 'web_search_20250305', name: 'web_search', max_uses: 'x' }, 10],
  ])('assumes as many web searches as it allows: %j', (tool, searches) => {
    const { serverToolUses } = TOKENS.estimate(request({ tools: [tool, { name: 'f', input_schema: {} }] }))
    expect(serverToolUses).toEqual({ web_search_requests: searches })
  })
})
