import { describe, expect, it } from 'vitest'
import { textTokens } from '../../tokens/text-tokens.ts'
import { IMAGE_TOKENS, REFERENCE_TOKENS } from '../shared/media-tokens.ts'
import { INPUT_TOKENS, TOKENS } from './token-estimates.ts'

const messages = [{ role: 'user', content: 'All human beings are born free and equal.' }]

function inputOf(body: object, rules = TOKENS): number {
  return rules.estimate(body as Record<string, unknown>).inputTokens
}

function parts(...content: object[]): object {
  return { messages: [{ role: 'user', content }] }
}

describe('the estimate of a request', () => {
  it.each<[string, object, number]>([
    ['max_tokens', { max_tokens: 7 }, 7],
    ['max_completion_tokens', { max_completion_tokens: 8 }, 8],
    ['max_output_tokens', { max_output_tokens: 9 }, 9],
    ['each of several choices', { max_tokens: 7, n: 3 }, 21],
    ['all of which the best is chosen', { max_tokens: 7, best_of: 4 }, 28],
    ['each prompt of a list', { max_tokens: 7, n: 2, prompt: ['one', 'two', 'three'] }, 42],
    ['each prompt of a list of tokens', { max_tokens: 7, prompt: [[1, 2], [3]] }, 14],
    ['the one prompt that tokens are', { max_tokens: 7, prompt: [1, 2, 3] }, 7],
    ['nothing, and then takes the usual', {}, 1_024],
    ['nothing, when the limit is no number', { max_tokens: NaN }, 1_024],
    ['numbers that are texts, which some servers take', { max_tokens: '7', n: '3' }, 21],
    ['the higher one of two limits', { max_tokens: 70, max_completion_tokens: 8 }, 70],
  ])('bounds the answer by %s', (_, limits, outputTokens) => {
    expect(TOKENS.estimate({ messages, ...limits })).toMatchObject({ outputTokens })
  })

  it('counts the text of a request in whatever field it stands', () => {
    const text = 'the weather is nice today '.repeat(100)
    const tokens = textTokens(text)
    for (const body of [
      { messages: [{ role: 'system', content: text }] },
      { messages: [{ role: 'user', content: [{ type: 'text', text }] }] },
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: text } }] }] },
      { input: text },
      { input: [{ type: 'function_call_output', output: text }] },
      { instructions: text },
      { prompt: text },
      { suffix: text },
      { prediction: { type: 'content', content: text } },
      { tools: [{ function: { name: 'f', description: text } }] },
      { response_format: { json_schema: { schema: { description: text } } } },
      { a_field_of_next_year: { any: [{ thing: text }] } },
    ]) {
      expect(inputOf(body), JSON.stringify(body).slice(0, 60)).toBeGreaterThanOrEqual(tokens)
      expect(inputOf(body)).toBeLessThan(tokens + 40)
    }
  })

  it('does not count what no model reads', () => {
    const settings = { model: 'm'.repeat(500), user: 'u'.repeat(500), metadata: { a: 'b'.repeat(500) } }
    expect(inputOf({ messages, ...settings })).toBe(inputOf({ messages }))
  })

  it.each([
    [
      'image_url',
      { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(1e6)}` } },
      IMAGE_TOKENS,
    ],
    ['image by address', { type: 'image_url', image_url: { url: 'https://x.test/cat' } }, IMAGE_TOKENS],
    ['input_image', { type: 'input_image', image_url: 'https://x.test/cat.png' }, IMAGE_TOKENS],
    ['input_image by id', { type: 'input_image', file_id: 'file-1' }, IMAGE_TOKENS],
    [
      'input_audio',
      { type: 'input_audio', input_audio: { data: 'A'.repeat(100_000), format: 'wav' } },
      1_500,
    ],
    [
      'file_data',
      { type: 'file', file: { file_data: `data:application/pdf;base64,${'A'.repeat(100_000)}` } },
      18_750,
    ],
    ['file by id', { type: 'input_file', file_id: 'file-1' }, REFERENCE_TOKENS],
    ['file by address', { type: 'input_file', file_url: 'https://x.test/a.pdf' }, REFERENCE_TOKENS],
  ])('counts a medium by its documented bound: %s', (_, part, tokens) => {
    const beside = inputOf(parts({ type: 'text', text: '' }))
    expect(inputOf(parts(part))).toBeGreaterThanOrEqual(tokens)
    expect(inputOf(parts(part))).toBeLessThan(tokens + beside + 20)
  })

  it('counts base64 in a text as text', () => {
    const base64 = Buffer.from('any bytes at all '.repeat(1_000)).toString('base64')
    expect(inputOf({ messages: [{ role: 'user', content: base64 }] })).toBeGreaterThan(base64.length * 0.5)
    expect(
      inputOf({ messages: [{ role: 'user', content: `data:image/png;base64,${base64}` }] }),
    ).toBeGreaterThan(base64.length * 0.5)
  })

  it('counts tokens that are sent as numbers one by one, and expects no output of embeddings', () => {
    expect(INPUT_TOKENS.estimate({ input: [[1, 2, 3], [40_000]] })).toMatchObject({ outputTokens: 0 })
    expect(inputOf({ input: Array.from({ length: 500 }, (_, i) => i) }, INPUT_TOKENS)).toBe(
      500 + inputOf({ input: [] }),
    )
  })

  it('ends at any depth', () => {
    let body: unknown = 'deep'
    for (let level = 0; level < 3_000; level++) body = [body]
    expect(inputOf({ messages: body })).toBeGreaterThan(1)
  })
})

describe('the tokens of an answer', () => {
  const text = 'the weather is nice today '.repeat(100)
  const tokens = textTokens(text)

  it.each([
    ['text', { choices: [{ message: { role: 'assistant', content: text } }] }],
    ['a refusal', { choices: [{ message: { content: null, refusal: text } }] }],
    ['reasoning', { choices: [{ message: { content: '', reasoning_content: text } }] }],
    [
      'reasoning that is sent twice',
      { choices: [{ message: { reasoning: text, reasoning_details: [{ text }] } }] },
    ],
    ['a tool call', { choices: [{ message: { tool_calls: [{ id: 'x', function: { arguments: text } }] } }] }],
    ['an older completion', { choices: [{ text, logprobs: { tokens: ['a'.repeat(9_999)] } }] }],
    [
      'a response',
      { instructions: text, output: [{ type: 'message', content: [{ type: 'output_text', text }] }] },
    ],
    ['a function call', { output: [{ type: 'function_call', arguments: text }] }],
  ])('counts the content of an answer: %s', (_, json) => {
    expect(TOKENS.answerTokens(json)).toBeGreaterThanOrEqual(tokens)
    expect(TOKENS.answerTokens(json)).toBeLessThan(tokens + 10)
  })

  it('counts every choice', () => {
    const choice = { message: { content: text } }
    expect(TOKENS.answerTokens({ choices: [choice, choice] })).toBeGreaterThanOrEqual(2 * tokens - 1)
  })
})
