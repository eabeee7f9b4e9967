import { describe, expect, it } from 'vitest'
import { StreamFaultError } from '../../base/errors.ts'
import type { SseEvent } from '../../wire/sse-event.ts'
import type { EventMeaning } from '../shared/stream-dialect.ts'
import { MessagesDialect } from './messages-dialect.ts'

function eventOf(data: object | string, name?: string): SseEvent {
  return { name, data: typeof data === 'string' ? data : JSON.stringify(data), end: 0 }
}

function read(dialect: MessagesDialect, data: object | string, name?: string): EventMeaning {
  return dialect.read(eventOf(data, name))
}

const START = {
  type: 'message_start',
  message: { id: 'msg_1', content: [], usage: { input_tokens: 3, output_tokens: 1 } },
}
const STOP_REASON = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }

describe('MessagesDialect', () => {
  it.each<[string, object]>([
    ['text', { type: 'text_delta', text: 'a' }],
    ['arguments of a tool', { type: 'input_json_delta', partial_json: '{"a' }],
    ['thinking', { type: 'thinking_delta', thinking: 'Hm' }],
    ['a signature', { type: 'signature_delta', signature: 'EvQB' }],
    ['a citation', { type: 'citations_delta', citation: { type: 'page_location', cited_text: 'a' } }],
    ['a compaction', { type: 'compaction_delta', content: 'a' }],
    ['a kind that is unknown', { type: 'hologram_delta', voxels: ['AAA'] }],
  ])('takes a delta with %s for content', (_, delta) => {
    expect(read(new MessagesDialect(), { type: 'content_block_delta', index: 0, delta })).toBe('content')
  })

  it.each<[string, object]>([
    ['text', { type: 'text_delta', text: '' }],
    ['arguments', { type: 'input_json_delta', partial_json: '' }],
    ['signature', { type: 'signature_delta', signature: '' }],
    ['compaction', { type: 'compaction_delta', content: null }],
  ])('takes a delta with an empty %s for progress alone', (_, delta) => {
    expect(read(new MessagesDialect(), { type: 'content_block_delta', index: 0, delta })).toBe('progress')
  })

  it.each<[string, object]>([
    ['redacted thinking', { type: 'redacted_thinking', data: 'EmwK' }],
    ['results of a search', { type: 'web_search_tool_result', tool_use_id: 's1', content: [{ title: 'a' }] }],
    ['text', { type: 'text', text: 'a' }],
    ['the arguments of a tool', { type: 'tool_use', id: 't1', name: 'f', input: { a: 'b' } }],
  ])('takes a block that begins with %s for content', (_, content_block) => {
    expect(read(new MessagesDialect(), { type: 'content_block_start', index: 0, content_block })).toBe(
      'content',
    )
  })

  it.each<[string, object]>([
    ['text', { type: 'text', text: '' }],
    ['cited text', { citations: [], type: 'text', text: '' }],
    ['thinking', { type: 'thinking', thinking: '', signature: '' }],
    ['tool call', { type: 'tool_use', id: 't1', name: 'f', input: {}, caller: { type: 'direct' } }],
    ['call of a server tool', { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} }],
    ['compaction', { type: 'compaction', content: null }],
    ['fallback', { type: 'fallback', from: { model: 'a' }, to: { model: 'b' } }],
  ])('takes an announced, empty block of %s for progress alone', (_, content_block) => {
    expect(read(new MessagesDialect(), { type: 'content_block_start', index: 0, content_block })).toBe(
      'progress',
    )
  })

  it('takes neither message_start nor a ping for content', () => {
    const dialect = new MessagesDialect()
    expect(read(dialect, START)).toBe('quiet')
    expect(read(dialect, { type: 'ping' })).toBe('nothing')
    expect(read(dialect, '{}', 'ping')).toBe('nothing')
    expect(dialect.read({ name: undefined, data: undefined, end: 0 })).toBe('nothing')
    expect(dialect.responseId).toBe('msg_1')
  })

  it.each(['session_created', 'content_block_pause', ''])('tolerates the unknown event %j', (type) => {
    const dialect = new MessagesDialect()
    expect(read(dialect, { type, id: 'x', note: 'a' }, 'note')).toBe('progress')
  })

  it('takes an unknown event that names itself a delta for content', () => {
    expect(read(new MessagesDialect(), { type: 'stanza_delta', verse: 'a' })).toBe('content')
  })

  it('is proven by a stop reason and message_stop, in this order', () => {
    const dialect = new MessagesDialect()
    expect(read(dialect, START)).toBe('quiet')
    expect(read(dialect, STOP_REASON)).toBe('quiet')
    expect(dialect.proven).toBe(false)
    expect(dialect.finishReasons).toEqual(['end_turn'])
    expect(read(dialect, { type: 'message_stop' })).toBe('end')
    expect(dialect.proven).toBe(true)
    expect(dialect.delivery.report.usage).toMatchObject({ inputTokens: 3, outputTokens: 9 })
  })

  it.each<[string, object[]]>([
    ['no stop reason', [{ type: 'message_stop' }]],
    [
      'a null as stop reason',
      [{ type: 'message_delta', delta: { stop_reason: null } }, { type: 'message_stop' }],
    ],
    [
      'the word null as stop reason',
      [{ type: 'message_delta', delta: { stop_reason: 'null' } }, { type: 'message_stop' }],
    ],
    ['no message_stop', [STOP_REASON]],
    ['a second stop reason instead of message_stop', [STOP_REASON, STOP_REASON]],
  ])('is not proven by %s', (_, events) => {
    const dialect = new MessagesDialect()
    for (const event of events) read(dialect, event)
    expect(dialect.proven).toBe(false)
  })

  it('takes [DONE], which gateways add, for the end and not for proof', () => {
    const dialect = new MessagesDialect()
    read(dialect, STOP_REASON)
    expect(read(dialect, '[DONE]')).toBe('end')
    expect(dialect.proven).toBe(false)
  })

  it.each<[string, object | string, string | undefined]>([
    ['with its name', { type: 'error', error: { type: 'overloaded_error', message: 'no' } }, 'error'],
    ['without a name', { type: 'error', error: { type: 'overloaded_error', message: 'no' } }, undefined],
    ['of a gateway', { error: { type: 'overloaded_error', message: 'no' } }, undefined],
  ])('takes an error event for a fault, %s', (_, data, name) => {
    const fault = read(new MessagesDialect(), data, name)
    expect(fault).toSatisfy(StreamFaultError.is)
    expect(fault).toMatchObject({ code: 'overloaded_error', message: 'no', status: 529 })
  })

  it('takes a code in the details of an error for its code', () => {
    const error = {
      type: 'rate_limit_error',
      message: 'no',
      details: { error_code: 'enforced_spend_limit_reached' },
    }
    expect(read(new MessagesDialect(), { type: 'error', error }, 'error')).toMatchObject({
      code: 'enforced_spend_limit_reached',
      status: 429,
    })
  })

  it('does not take a null error for a fault', () => {
    expect(read(new MessagesDialect(), { ...START, error: null })).toBe('quiet')
  })

  it('writes a fault so that it reads it as one', () => {
    const { name, json } = new MessagesDialect().faultEvent({ code: 'stream_stalled', message: 'a\n"b"' })
    expect({ name, json }).toEqual({
      name: 'error',
      json: {
        type: 'error',
        error: { type: 'api_error', message: 'a\n"b"', details: { error_code: 'stream_stalled' } },
      },
    })
    expect(read(new MessagesDialect(), json, name)).toMatchObject({
      code: 'stream_stalled',
      message: 'a\n"b"',
    })
  })

  it('counts on raising only errors that are named so', () => {
    const dialect = new MessagesDialect()
    expect(dialect.isRaised(eventOf({ type: 'error' }, 'error'))).toBe(true)
    expect(dialect.isRaised(eventOf({ type: 'error' }, 'message'))).toBe(false)
    expect(dialect.isRaised(eventOf({ type: 'error' }))).toBe(false)
  })

  it('counts the content that came after the last report of usage', () => {
    const dialect = new MessagesDialect()
    read(dialect, START)
    read(dialect, {
      type: 'content_block_delta',
      delta: { type: 'text_delta', text: 'Hello there, you all.' },
    })
    expect(dialect.delivery.unreportedTokens).toBeGreaterThan(3)
    read(dialect, STOP_REASON)
    expect(dialect.delivery.unreportedTokens).toBe(0)
  })

  it('does not count a signature as output of the model', () => {
    const dialect = new MessagesDialect()
    read(dialect, {
      type: 'content_block_delta',
      delta: { type: 'signature_delta', signature: 'EvQBCkYI'.repeat(50) },
    })
    expect(dialect.delivery.tokens).toBe(0)
  })
})
