import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentTokens } from '../shared/value-tokens.ts'
import { TOKENS } from './messages-tokens.ts'

const text = fc.string({ maxLength: 400 })
const block = fc.oneof(
  fc.record({ type: fc.constant('text'), text }),
  fc.record({
    type: fc.constant('tool_use'),
    id: fc.constant('t1'),
    name: text,
    input: fc.dictionary(text, text),
  }),
  fc.record({ type: fc.constant('thinking'), thinking: text, signature: text }),
  fc.record({
    type: fc.constant('image'),
    source: fc.record({ type: fc.constant('url'), url: fc.webUrl() }),
  }),
)
const message = fc.record({
  role: fc.constantFrom('user', 'assistant'),
  content: fc.oneof(text, fc.array(block)),
})
const request = fc.record({
  model: fc.constant('claude-sonnet-4-6'),
  max_tokens: fc.integer({ min: 1, max: 128_000 }),
  system: text,
  messages: fc.array(message),
  tools: fc.array(
    fc.record({ name: text, description: text, input_schema: fc.constant({ type: 'object' }) }),
  ),
})

describe('the token estimate of a Messages request', () => {
  it('is finite, and at least the plain count of its texts', () => {
    fc.assert(
      fc.property(request, (body) => {
        const { inputTokens, outputTokens } = TOKENS.estimate(body)
        const plain = contentTokens()
        plain.add([body.system, body.messages, body.tools])
        expect(Number.isSafeInteger(inputTokens)).toBe(true)
        expect(inputTokens).toBeGreaterThanOrEqual(plain.count)
        expect(outputTokens).toBe(body.max_tokens)
      }),
    )
  })

  it('grows with every message, and with every tool', () => {
    fc.assert(
      fc.property(request, message, (body, more) => {
        const { inputTokens } = TOKENS.estimate(body)
        expect(TOKENS.estimate({ ...body, messages: [...body.messages, more] }).inputTokens).toBeGreaterThan(
          inputTokens,
        )
        const tools = [...body.tools, { type: 'web_search_20260209', name: 'web_search' }]
        expect(TOKENS.estimate({ ...body, tools }).inputTokens).toBeGreaterThan(inputTokens)
      }),
    )
  })

  it.each([
    ['of its own', { type: 'base64', media_type: 'image/png', data: 'iVBO'.repeat(250_000) }],
    ['at an address', { type: 'url', url: 'https://example.com/a.png' }],
    ['that was uploaded', { type: 'file', file_id: 'file_1' }],
  ])('counts a picture %s as the largest that a model reads, not by its bytes', (_, source) => {
    const content = [{ type: 'image', source }]
    const { inputTokens } = TOKENS.estimate({ messages: [{ role: 'user', content }] })
    expect(inputTokens).toBeGreaterThan(4_784)
    expect(inputTokens).toBeLessThan(6_000)
  })

  it('leaves room for the tokenizer of the newest models, but not in the context window of a model', () => {
    const body = {
      messages: [{ role: 'user', content: 'All human beings are born free and equal.'.repeat(100) }],
    }
    expect(TOKENS.estimate(body).inputTokens / TOKENS.contextOf(body)).toBeCloseTo(1.35, 2)
  })

  it('reserves the output limit, or the budget for thoughts between tools if that is larger', () => {
    expect(
      TOKENS.estimate({ max_tokens: 2_000, thinking: { type: 'enabled', budget_tokens: 1_024 } })
        .outputTokens,
    ).toBe(2_000)
    expect(
      TOKENS.estimate({ max_tokens: 2_000, thinking: { type: 'enabled', budget_tokens: 9_000 } })
        .outputTokens,
    ).toBe(9_000)
    expect(TOKENS.outputLimitOf({ max_tokens: 2_000 })).toBe(2_000)
    expect(TOKENS.outputLimitOf({ max_tokens: Infinity })).toBeUndefined()
  })

  it('does not count settings', () => {
    const body = { messages: [{ role: 'user', content: 'Hi' }] }
    const settings = {
      metadata: { user_id: 'x'.repeat(500) },
      thread: { id: 'y'.repeat(500) },
      service_tier: 'auto',
    }
    expect(TOKENS.estimate({ ...body, ...settings })).toEqual(TOKENS.estimate(body))
  })

  it('leaves out of the rate limits what was read from the cache', () => {
    const usage = { ...TOKENS.estimate({}), inputTokens: 900, cachedInputTokens: 800 }
    expect(TOKENS.limitedInputOf?.(usage)).toBe(100)
  })
})
