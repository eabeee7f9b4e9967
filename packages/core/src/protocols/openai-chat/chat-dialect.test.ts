import { describe, expect, it } from 'vitest'
import { StreamFaultError } from '../../base/errors.ts'
import { ChatDialect } from './chat-dialect.ts'
import type { EventMeaning } from '../shared/stream-dialect.ts'

function read(dialect: ChatDialect, data: object | string, name?: string): EventMeaning {
  return dialect.read({ name, data: typeof data === 'string' ? data : JSON.stringify(data), end: 0 })
}
const delta = (fields: object, finish: string | null = null, index = 0): object => ({
  choices: [{ index, delta: fields, finish_reason: finish }],
})

describe('ChatDialect', () => {
  it.each<[string, object]>([
    ['text', delta({ content: 'a' })],
    ['a space', delta({ content: ' ' })],
    ['reasoning', delta({ reasoning_content: 'a' })],
    ['reasoning under another name', delta({ reasoning: 'a' })],
    ['a refusal', delta({ refusal: 'no' })],
    [
      'a tool call with a name',
      delta({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] }),
    ],
    ['the arguments of a tool call', delta({ tool_calls: [{ index: 0, function: { arguments: '{' } }] })],
    ['a list of parts', delta({ content: [{ type: 'text', text: 'a' }] })],
    ['a field that is not known yet', delta({ role: 'assistant', content: '', hologram: { voxels: 'aa' } })],
    ['a function call of old', delta({ function_call: { name: 'f' } })],
    ['audio', delta({ audio: { data: 'aa' } })],
    ['text together with the role', delta({ role: 'assistant', content: 'a' })],
    ['text together with the end', delta({ content: 'a' }, 'stop')],
    ['text of the older completions', { choices: [{ index: 0, text: 'a', finish_reason: null }] }],
    ['text of a choice without index', { choices: [{ delta: { content: 'a' } }] }],
    [
      'text of the second choice',
      {
        choices: [
          { index: 0, delta: {} },
          { index: 1, delta: { content: 'a' } },
        ],
      },
    ],
  ])('takes %s for content', (_, chunk) => {
    expect(read(new ChatDialect(), chunk)).toBe('content')
  })

  it.each<[string, object]>([
    ['the role', delta({ role: 'assistant' })],
    ['the role with empty text', delta({ role: 'assistant', content: '', refusal: null })],
    ['empty tool calls', delta({ tool_calls: [] })],
    ['an empty record', delta({ audio: {} })],
    ['the announcement of audio', delta({ audio: { id: 'audio_1', expires_at: 1 } })],
    [
      'the announcement of a tool call',
      delta({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { arguments: '' } }] }),
    ],
    [
      'empty parts',
      delta({
        content: [{ type: 'text', text: '' }],
        reasoning_details: [{ type: 'reasoning.text', text: '', format: 'f', index: 0 }],
      }),
    ],
    ['the name of the speaker', delta({ role: 'assistant', name: 'bot', content: '' })],
    ['the end of a choice', delta({}, 'stop')],
    ['no choices and filter results', { choices: [], prompt_filter_results: [{}] }],
    ['a usage report', { choices: [], usage: { prompt_tokens: 1 } }],
    ['no choices at all', { id: 'x' }],
    ['choices that are none', { choices: 'x' }],
    ['a choice that is none', { choices: [null] }],
    ['an error that is null', { ...delta({}), error: null }],
  ])('takes %s for quiet', (_, chunk) => {
    expect(read(new ChatDialect(), chunk)).toBe('quiet')
  })

  it.each([{}, { type: 'ping' }, { type: 'keepalive', sequence_number: 3 }, { timestamp: '2026-01-01' }])(
    'takes %j for a ping',
    (data) => {
      expect(read(new ChatDialect(), data)).toBe('nothing')
    },
  )

  it('takes a comment for nothing and [DONE] for the end, and neither for proof', () => {
    const dialect = new ChatDialect()
    expect(dialect.read({ name: undefined, data: undefined, end: 0 })).toBe('nothing')
    expect(read(dialect, '[DONE]')).toBe('end')
    expect(dialect.proven).toBe(false)
  })

  it('is proven when every choice that was begun is finished, in whatever order', () => {
    const dialect = new ChatDialect()
    const proven = [
      delta({ role: 'assistant' }, null, 0),
      delta({ role: 'assistant' }, null, 1),
      delta({}, 'length', 1),
      delta({ content: 'a' }, null, 0),
      delta({}, 'stop', 0),
    ].map((chunk) => {
      read(dialect, chunk)
      return dialect.proven
    })
    expect(proven).toEqual([false, false, false, false, true])
    expect(dialect.finishReasons.toSorted()).toEqual(['length', 'stop'])
  })

  it('stays proven when more is said about a finished choice', () => {
    const dialect = new ChatDialect()
    read(dialect, delta({ content: 'a' }, 'stop'))
    read(dialect, { choices: [{ index: 0, finish_reason: null, content_filter_results: {} }] })
    read(dialect, { choices: [], usage: { prompt_tokens: 1 } })
    expect(dialect.proven).toBe(true)
  })

  it.each([null, '', undefined])('does not take finish_reason %j for an end', (finish) => {
    const dialect = new ChatDialect()
    read(dialect, { choices: [{ index: 0, delta: { content: 'a' }, finish_reason: finish }] })
    expect(dialect.proven).toBe(false)
    expect(dialect.finishReasons).toEqual([])
  })

  it('keeps the last usage, from whatever chunk', () => {
    const dialect = new ChatDialect()
    read(dialect, { ...delta({ content: 'a' }), usage: { prompt_tokens: 1, completion_tokens: 1 } })
    read(dialect, { ...delta({}, 'stop'), usage: { prompt_tokens: 1, completion_tokens: 7 } })
    read(dialect, { choices: [], usage: null })
    expect(dialect.delivery.report.usage).toMatchObject({ inputTokens: 1, outputTokens: 7 })
  })

  it('reports an error in band', () => {
    expect(read(new ChatDialect(), { error: { code: 'overloaded', message: 'no' } })).toMatchObject({
      code: 'overloaded',
      message: 'no',
    })
    expect(read(new ChatDialect(), { message: 'no' }, 'error')).toSatisfy(StreamFaultError.is)
  })

  it('writes a fault so that it reads it as one', () => {
    const event = new ChatDialect().faultEvent({ code: 'stream_incomplete', message: 'a "quoted"\nline' })
    expect(event.name).toBeUndefined()
    expect(read(new ChatDialect(), event.json)).toMatchObject({
      code: 'stream_incomplete',
      message: 'a "quoted"\nline',
    })
  })
})
