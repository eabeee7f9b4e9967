import { describe, expect, it } from 'vitest'
import { StreamFaultError } from '../../base/errors.ts'
import type { JsonBody } from '../../base/json.ts'
import type { EventMeaning } from '../shared/stream-dialect.ts'
import { GeminiDialect } from './gemini-dialect.ts'

function read(dialect: GeminiDialect, data: object | string, name?: string): EventMeaning {
  return dialect.read({ name, data: typeof data === 'string' ? data : JSON.stringify(data), end: 0 })
}
const parts = (list: readonly object[], more: object = {}) => ({
  candidates: [{ content: { parts: list, role: 'model' }, ...more }],
})
const usageMetadata = { promptTokenCount: 4, candidatesTokenCount: 2, thoughtsTokenCount: 3 }

describe('GeminiDialect', () => {
  it.each<[string, object]>([
    ['usage', { usageMetadata, modelVersion: 'm', responseId: 'r' }],
    ['safety ratings', { promptFeedback: { safetyRatings: [] } }],
    ['an empty list of candidates', { candidates: [] }],
    ['a candidate without content', { candidates: [{ index: 0 }] }],
    ['an empty text', parts([{ text: '' }])],
    ['a signature alone', parts([{ text: '', thoughtSignature: 'AAAA' }])],
    ['no parts', parts([])],
  ])('takes %s for quiet', (_, data) => {
    const dialect = new GeminiDialect()
    expect(read(dialect, data)).toBe('quiet')
    expect(dialect.proven).toBe(false)
  })

  it.each<[string, object]>([
    ['text', { text: 'a' }],
    ['a thought', { text: 'Hm', thought: true }],
    ['a function call', { functionCall: { name: 'f' } }],
    [
      'arguments of a function call',
      { functionCall: { partialArgs: [{ jsonPath: '$.a', stringValue: 'b' }] } },
    ],
    ['data', { inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
    ['code', { executableCode: { language: 'PYTHON', code: '1' } }],
    ['a part that is new', { hologram: { voxels: 'AAAA' } }],
  ])('takes %s for content', (_, part) => {
    expect(read(new GeminiDialect(), parts([part]))).toBe('content')
  })

  it.each(['{"type":"ping"}', '{}', 'null', ': ping'])('takes %s for nothing', (data) => {
    expect(read(new GeminiDialect(), data)).toBe('nothing')
  })

  it.each(['STOP', 'MAX_TOKENS', 'SAFETY', 'CONTINUATION', 'NEW_REASON'])(
    'is proven by %s, also without content',
    (reason) => {
      const dialect = new GeminiDialect()
      expect(read(dialect, parts([{ text: 'a' }]))).toBe('content')
      expect(dialect.proven).toBe(false)
      expect(read(dialect, { candidates: [{ finishReason: reason }], usageMetadata })).toBe('content')
      expect(dialect.proven).toBe(true)
      expect(dialect.finishReasons).toEqual([reason])
      expect(dialect.delivery.report.usage).toMatchObject({
        inputTokens: 4,
        outputTokens: 5,
        reasoningTokens: 3,
      })
      expect(read(dialect, { usageMetadata })).toBe('quiet')
    },
  )

  it.each(['FINISH_REASON_UNSPECIFIED', '', null, 7, 'null'])('is not proven by %j', (finishReason) => {
    const dialect = new GeminiDialect()
    read(dialect, parts([{ text: 'a' }], { finishReason }))
    expect(dialect.proven).toBe(false)
  })

  it('is proven by a blocked prompt, which is an answer', () => {
    const dialect = new GeminiDialect()
    expect(read(dialect, { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata })).toBe(
      'content',
    )
    expect(dialect.proven).toBe(true)
    expect(dialect.finishReasons).toEqual(['PROHIBITED_CONTENT'])
  })

  it('needs the end of every candidate that was begun', () => {
    const dialect = new GeminiDialect()
    read(dialect, parts([{ text: 'a' }], { index: 0 }))
    read(dialect, parts([{ text: 'b' }], { index: 1 }))
    read(dialect, parts([{ text: 'c' }], { index: 0, finishReason: 'STOP' }))
    expect(dialect.proven).toBe(false)
    read(dialect, parts([{ text: 'd' }], { index: 1, finishReason: 'MAX_TOKENS' }))
    expect(dialect.proven).toBe(true)
    expect(dialect.finishReasons).toEqual(['STOP', 'MAX_TOKENS'])
  })

  it('needs as many ends as the request wants candidates', () => {
    const dialect = new GeminiDialect({ generationConfig: { candidateCount: 2 } })
    read(dialect, parts([{ text: 'a' }], { index: 0, finishReason: 'STOP' }))
    expect(dialect.proven).toBe(false)
    read(dialect, parts([{ text: 'b' }], { index: 1, finishReason: 'STOP' }))
    expect(dialect.proven).toBe(true)
  })

  it.each([0, -1, NaN, 1e9, '2', null])(
    'expects one candidate when the request wants %j',
    (candidateCount) => {
      const dialect = new GeminiDialect({ generationConfig: { candidateCount } })
      read(dialect, parts([{ text: 'a' }], { finishReason: 'STOP' }))
      expect(dialect.proven).toBe(true)
    },
  )

  it('takes [DONE] for the end and not for proof', () => {
    const dialect = new GeminiDialect()
    expect(read(dialect, '[DONE]')).toBe('end')
    expect(dialect.proven).toBe(false)
  })

  const error = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' }
  it.each<[string, object | string, string | undefined]>([
    ['an object', { error }, undefined],
    ['a list with one item', [{ error }], undefined],
    ['the data of an event named error', error, 'error'],
  ])('takes %s for a fault', (_, data, name) => {
    const fault = read(new GeminiDialect(), data, name)
    expect(fault).toSatisfy(StreamFaultError.is)
    expect(fault).toMatchObject({ code: 'UNAVAILABLE', status: 503, message: 'The model is overloaded.' })
  })

  it('throws for data that is cut off', () => {
    expect(() => read(new GeminiDialect(), '{"candidates":[{"con')).toThrow(
      'The stream broke inside an event',
    )
  })

  it.each([
    ['stream_incomplete', undefined, 503, 'UNAVAILABLE'],
    ['stream_stalled', undefined, 504, 'DEADLINE_EXCEEDED'],
    ['client_closed', undefined, 503, 'UNAVAILABLE'],
    ['UNAVAILABLE', 503, 503, 'UNAVAILABLE'],
    ['RESOURCE_EXHAUSTED', undefined, 429, 'RESOURCE_EXHAUSTED'],
    ['odd', 418, 418, 'FAILED_PRECONDITION'],
  ])(
    'writes the fault %s (%s) with status %i, in the form that the SDK throws',
    (code, given, status, name) => {
      const dialect = new GeminiDialect()
      const event = dialect.faultEvent({ code, message: 'It broke.', status: given })
      expect(event.name).toBeUndefined()
      expect(event.json).toMatchObject({ error: { code: status, status: name } })
      expect(JSON.stringify(event.json)).toContain(code)
      expect(dialect.isRaised({ name: undefined, data: '', end: 0, isPlain: true, json: event.json })).toBe(
        true,
      )
      expect(read(dialect, event.json)).toSatisfy(StreamFaultError.is)
    },
  )

  it('knows which errors the SDK does not throw', () => {
    const isRaised = (json: JsonBody, more: object = {}) =>
      new GeminiDialect().isRaised({ name: undefined, data: '', end: 0, isPlain: true, json, ...more })
    expect(isRaised({ error })).toBe(true)
    expect(isRaised({ error: { ...error, code: '503' } })).toBe(false)
    expect(isRaised({ error: { ...error, code: 200 } })).toBe(false)
    expect(isRaised({ error: 'no' })).toBe(false)
    expect(isRaised({ error }, { isPlain: false })).toBe(false)
    expect(isRaised({ error }, { form: 'odd' })).toBe(false)
  })

  it('knows the id of the answer, and counts its content once', () => {
    const dialect = new GeminiDialect()
    read(dialect, { ...parts([{ text: 'one two three four' }]), responseId: 'r1' })
    expect(dialect.responseId).toBe('r1')
    const { tokens } = dialect.delivery
    expect(tokens).toBeGreaterThan(2)
    read(dialect, parts([{ text: '', thoughtSignature: 'A'.repeat(4_000) }]))
    expect(dialect.delivery.tokens).toBe(tokens)
  })
})
