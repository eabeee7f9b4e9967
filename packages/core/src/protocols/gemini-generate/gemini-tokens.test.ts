import { describe, expect, it } from 'vitest'
import { GEMINI_TOKENS as TOKENS, INPUT_TOKENS } from './gemini-tokens.ts'

const text = (words: string) => ({ contents: [{ role: 'user', parts: [{ text: words }] }] })
const inline = (mimeType: string, bytes: number) => ({
  contents: [{ parts: [{ inlineData: { mimeType, data: 'A'.repeat(Math.ceil((bytes * 4) / 3)) } }] }],
})
const inputOf = (body: object) => TOKENS.estimate(body as Record<string, unknown>).inputTokens
const outputOf = (generationConfig: object) =>
  TOKENS.estimate({ ...text('a'), generationConfig }).outputTokens
const MEGABYTE = 1_000_000

describe('the estimate of a Gemini request', () => {
  it('counts contents, instructions, tools and schemas', () => {
    const plain = inputOf(text('one two three'))
    const words = 'four five six seven eight nine ten'
    expect(inputOf(text(words))).toBeGreaterThan(plain)
    for (const more of [
      { systemInstruction: { parts: [{ text: words }] } },
      { system_instruction: { parts: [{ text: words }] } },
      { tools: [{ functionDeclarations: [{ name: 'f', description: words }] }] },
      { generationConfig: { responseSchema: { description: words } } },
      { generationConfig: { responseJsonSchema: { description: words } } },
      { something_new: words },
    ])
      expect(inputOf({ ...text('one two three'), ...more })).toBeGreaterThanOrEqual(plain + 7)
    const settings = {
      generationConfig: { temperature: 0, stopSequences: [words] },
      safetySettings: [{ category: words }],
      labels: { a: words },
    }
    expect(inputOf({ ...text('one two three'), ...settings })).toBe(plain)
  })

  it.each([
    ['a small image', 'image/png', 20_000, 258],
    ['an image of 12 megapixels', 'image/jpeg', 3 * MEGABYTE, 24 * 258],
    ['a minute of sound', 'audio/mp3', 60 * 16_000, 60 * 32],
    ['a minute of sound at the lowest rate', 'audio/ogg', 60 * 1_600, 60 * 32],
    ['a minute of video', 'video/mp4', 60 * 100_000, 60 * 263],
    ['ten pages', 'application/pdf', 300_000, 10 * 258],
    ['a text', 'text/plain', 4_000, 1_000],
  ])('is at least what %s has', (_, mimeType, bytes, tokens) => {
    expect(inputOf(inline(mimeType, bytes))).toBeGreaterThanOrEqual(tokens)
  })

  it('does not take data for text', () => {
    expect(inputOf(inline('image/png', MEGABYTE))).toBeLessThan(10_000)
    const snake = {
      contents: { parts: [{ inline_data: { mime_type: 'image/png', data: 'A'.repeat(1_000_000) } }] },
    }
    expect(inputOf(snake)).toBeLessThan(10_000)
    const batch = { requests: [{ content: inline('image/png', MEGABYTE).contents[0] }] }
    expect(inputOf(batch)).toBeLessThan(10_000)
    expect(inputOf(batch)).toBeGreaterThan(2_000)
  })

  it('counts what is stored at the provider', () => {
    expect(inputOf({ ...text('a'), cachedContent: 'cachedContents/1' })).toBeGreaterThan(10_000)
    expect(
      inputOf({
        contents: [{ parts: [{ fileData: { fileUri: 'https://x/files/1', mimeType: 'video/mp4' } }] }],
      }),
    ).toBeGreaterThan(10_000)
  })

  it('counts the output that the request allows', () => {
    expect(outputOf({})).toBe(1_024)
    expect(outputOf({ maxOutputTokens: 50 })).toBe(50)
    expect(outputOf({ max_output_tokens: 50 })).toBe(50)
    expect(outputOf({ maxOutputTokens: 50, candidateCount: 3 })).toBe(150)
    expect(outputOf({ maxOutputTokens: 50, thinkingConfig: { thinkingBudget: 100 } })).toBe(150)
    expect(outputOf({ maxOutputTokens: 50, thinkingConfig: { thinkingBudget: 0 } })).toBe(50)
    expect(outputOf({ maxOutputTokens: 50, thinkingConfig: { thinkingBudget: -1 } })).toBeGreaterThan(5_000)
    expect(outputOf({ maxOutputTokens: '50' })).toBe(50)
    for (const odd of [-1, NaN, Infinity, 'x', null]) expect(outputOf({ maxOutputTokens: odd })).toBe(1_024)
  })

  it('gives the context that a request needs, and its limit', () => {
    const body = { ...text('a b c'), generationConfig: { maxOutputTokens: 70 } }
    expect(TOKENS.outputLimitOf(body)).toBe(70)
    expect(TOKENS.contextOf(body)).toBe(inputOf(body) + 70)
    expect(TOKENS.outputLimitOf(text('a'))).toBeUndefined()
  })

  it('has no output for embeddings', () => {
    const body = { content: { parts: [{ text: 'one two three' }] } }
    expect(INPUT_TOKENS.estimate(body)).toMatchObject({ outputTokens: 0 })
    expect(INPUT_TOKENS.estimate(body).inputTokens).toBeGreaterThanOrEqual(3)
  })
})

describe('the tokens of a Gemini answer', () => {
  it('are those of all candidates, without signatures', () => {
    const candidate = { content: { parts: [{ text: 'one two three', thoughtSignature: 'A'.repeat(4_000) }] } }
    const one = TOKENS.answerTokens({ candidates: [candidate] })
    expect(one).toBeGreaterThanOrEqual(3)
    expect(one).toBeLessThan(20)
    expect(TOKENS.answerTokens({ candidates: [candidate, candidate] })).toBeGreaterThan(one)
    expect(TOKENS.answerTokens({})).toBe(0)
  })
})
