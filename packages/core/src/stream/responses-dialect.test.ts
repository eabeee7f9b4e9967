import { describe, expect, it } from 'vitest'
import { StreamFaultError } from '../errors.ts'
import type { EventMeaning } from './dialect.ts'
import { ResponsesDialect } from './responses-dialect.ts'

function read(dialect: ResponsesDialect, data: object | string, name?: string): EventMeaning {
  return dialect.read({ name, data: typeof data === 'string' ? data : JSON.stringify(data), end: 0 })
}
const ITEM = { type: 'response.output_item.added', output_index: 0, item: { type: 'message' } }
const usage = { input_tokens: 3, output_tokens: 4, output_tokens_details: { reasoning_tokens: 2 } }

describe('ResponsesDialect', () => {
  it.each(['response.created', 'response.queued', 'response.in_progress', 'keepalive', 'ping'])(
    'takes %s for quiet',
    (type) => {
      expect(read(new ResponsesDialect(), { type, response: { error: null } })).toBe('quiet')
    },
  )

  it('takes a comment and an event without a type for quiet', () => {
    expect(new ResponsesDialect().read({ name: undefined, data: undefined, end: 0 })).toBe('quiet')
    expect(read(new ResponsesDialect(), {})).toBe('quiet')
  })

  it.each([
    'response.output_item.added',
    'response.output_text.delta',
    'response.refusal.delta',
    'response.reasoning_summary_text.delta',
    'response.function_call_arguments.delta',
    'response.audio.delta',
    'response.some_tool.in_progress',
  ])('takes %s for content', (type) => {
    expect(read(new ResponsesDialect(), { type })).toBe('content')
  })

  it('reads the type from the name of the event when the data has none', () => {
    expect(read(new ResponsesDialect(), { delta: 'a' }, 'response.output_text.delta')).toBe('content')
    expect(read(new ResponsesDialect(), {}, 'response.created')).toBe('quiet')
  })

  it.each(['completed', 'incomplete', 'failed'])('is proven by response.%s, with its usage', (status) => {
    const dialect = new ResponsesDialect()
    read(dialect, ITEM)
    expect(dialect.proven).toBe(false)
    expect(read(dialect, { type: `response.${status}`, response: { status, usage } })).toBe('end')
    expect(dialect.proven).toBe(true)
    expect(dialect.finishReasons).toEqual([status])
    expect(dialect.usage).toEqual({
      inputTokens: 3,
      outputTokens: 4,
      cachedInputTokens: 0,
      cacheWriteInputTokens: 0,
      audioInputTokens: 0,
      audioOutputTokens: 0,
      reasoningTokens: 2,
    })
  })

  it('is proven by an answer that has no content at all', () => {
    const dialect = new ResponsesDialect()
    expect(read(dialect, { type: 'response.completed', response: {} })).toBe('end')
    expect(dialect.proven).toBe(true)
  })

  it('takes [DONE] for the end and not for proof', () => {
    const dialect = new ResponsesDialect()
    expect(read(dialect, '[DONE]')).toBe('end')
    expect(dialect.proven).toBe(false)
  })

  it('takes a response that failed before any content for a fault', () => {
    const dialect = new ResponsesDialect()
    read(dialect, { type: 'response.created' })
    const failed = { type: 'response.failed', response: { error: { code: 'server_error', message: 'no' } } }
    expect(read(dialect, failed)).toMatchObject({ code: 'server_error', message: 'no' })
    expect(dialect.proven).toBe(false)
  })

  it.each<[string, object, string | undefined]>([
    ['flat', { type: 'error', code: 'server_error', message: 'no' }, undefined],
    ['under error', { type: 'error', error: { code: 'server_error', message: 'no' } }, undefined],
    ['by the name of the event', { code: 'server_error', message: 'no' }, 'error'],
  ])('takes an error event for a fault, told %s', (_, data, name) => {
    expect(read(new ResponsesDialect(), data, name)).toSatisfy(StreamFaultError.is)
    expect(read(new ResponsesDialect(), data, name)).toMatchObject({ code: 'server_error', message: 'no' })
  })

  it('does not take the error inside a response that goes on for a fault of the stream', () => {
    expect(read(new ResponsesDialect(), { type: 'response.in_progress', response: { error: {} } })).toBe(
      'quiet',
    )
  })

  it('writes a fault so that it reads it as one', () => {
    const event = new ResponsesDialect().faultEvent({ code: 'stream_stalled', message: 'a\n"b"' })
    expect(event).toMatchObject({
      name: 'error',
      json: { type: 'error', code: 'stream_stalled', param: null },
    })
    expect(read(new ResponsesDialect(), event.json, event.name)).toMatchObject({
      code: 'stream_stalled',
      message: 'a\n"b"',
    })
  })
})
