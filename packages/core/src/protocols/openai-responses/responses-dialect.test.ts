import { describe, expect, it } from 'vitest'
import { StreamFaultError } from '../../base/errors.ts'
import type { EventMeaning } from '../shared/stream-dialect.ts'
import { ResponsesDialect } from './responses-dialect.ts'

function read(dialect: ResponsesDialect, data: object | string, name?: string): EventMeaning {
  return dialect.read({ name, data: typeof data === 'string' ? data : JSON.stringify(data), end: 0 })
}
const ITEM = {
  type: 'response.output_item.added',
  output_index: 0,
  item: { type: 'message', content: [{ text: 'a' }] },
}
const usage = { input_tokens: 3, output_tokens: 4, output_tokens_details: { reasoning_tokens: 2 } }

describe('ResponsesDialect', () => {
  it.each(['response.created', 'response.queued', 'response.in_progress'])('takes %s for quiet', (type) => {
    expect(read(new ResponsesDialect(), { type, response: { error: null } })).toBe('quiet')
  })

  it.each<[string, object]>([
    [
      'reasoning item',
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [],
        content: [],
        encrypted_content: 'gAAA',
        status: 'in_progress',
      },
    ],
    [
      'message',
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        phase: 'final_answer',
        content: [],
        status: 'in_progress',
      },
    ],
    ['web search', { type: 'web_search_call', id: 'ws_1', status: 'in_progress' }],
    ['image', { type: 'image_generation_call', id: 'ig_1', status: 'in_progress', result: null }],
  ])('takes an announced, empty %s for progress alone', (_, item) => {
    const event = { sequence_number: 2, output_index: 0, item }
    expect(read(new ResponsesDialect(), { type: 'response.output_item.added', ...event })).toBe('progress')
    expect(read(new ResponsesDialect(), { type: 'response.output_item.done', ...event })).toBe('progress')
  })

  it.each<[string, object]>([
    ['content_part.added', { part: { type: 'output_text', text: '', annotations: [], logprobs: [] } }],
    ['reasoning_summary_part.added', { part: { type: 'summary_text', text: '' } }],
    ['web_search_call.searching', { item_id: 'ws_1', output_index: 0 }],
    ['output_text.delta', { item_id: 'msg_1', delta: '', obfuscation: 'xyz', logprobs: [] }],
  ])('takes response.%s without substance for progress alone', (name, fields) => {
    expect(read(new ResponsesDialect(), { type: `response.${name}`, sequence_number: 4, ...fields })).toBe(
      'progress',
    )
  })

  it.each(['keepalive', 'ping', 'heartbeat'])('takes %s and comments for nothing', (type) => {
    expect(read(new ResponsesDialect(), { type, sequence_number: 3 })).toBe('nothing')
    expect(new ResponsesDialect().read({ name: undefined, data: undefined, end: 0 })).toBe('nothing')
  })

  it.each<[string, object]>([
    [
      'output_item.added',
      { item: { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '' } },
    ],
    [
      'output_item.done',
      { item: { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'a' }] } },
    ],
    ['output_text.delta', { delta: 'a' }],
    ['refusal.delta', { delta: 'a' }],
    ['reasoning_summary_text.delta', { delta: 'a' }],
    ['function_call_arguments.delta', { delta: '{' }],
    ['audio.delta', { delta: 'AAAA' }],
    ['image_generation_call.partial_image', { partial_image_b64: 'AAAA' }],
    ['hologram.delta', { voxels: ['AAAA'] }],
  ])('takes response.%s with substance for content', (name, fields) => {
    expect(read(new ResponsesDialect(), { type: `response.${name}`, output_index: 0, ...fields })).toBe(
      'content',
    )
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
    expect(dialect.delivery.report.usage).toEqual({
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
  ])('takes an error event for a fault, in the form of %s', (_, data, name) => {
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
      json: { type: 'error', code: 'stream_stalled', param: null, sequence_number: 0 },
    })
    expect(read(new ResponsesDialect(), event.json, event.name)).toMatchObject({
      code: 'stream_stalled',
      message: 'a\n"b"',
    })
  })

  it('numbers its own event after the last one', () => {
    const dialect = new ResponsesDialect()
    read(dialect, { type: 'response.output_text.delta', sequence_number: 41, delta: 'a' })
    expect(dialect.faultEvent({ code: 'c', message: 'm' }).json['sequence_number']).toBe(42)
  })

  it('knows the id of the response before any content', () => {
    const dialect = new ResponsesDialect()
    read(dialect, { type: 'response.created', response: { id: 'resp_1' } })
    expect(dialect.responseId).toBe('resp_1')
  })

  it('takes a cancelled response for complete, and a snapshot for none', () => {
    const dialect = new ResponsesDialect()
    read(dialect, { type: 'response.in_progress', response: { status: 'cancelled' } })
    expect(dialect.proven).toBe(false)
    expect(read(dialect, { type: 'response.cancelled', response: { status: 'cancelled' } })).toBe('end')
    expect(dialect.proven).toBe(true)
  })
})
