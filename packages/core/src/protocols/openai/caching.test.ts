import { describe, expect, it } from 'vitest'
import { parseRecord } from '../../base/json.ts'
import { SseSplitter } from '../../wire/sse-splitter.ts'
import type { CachingRules } from '../protocol.ts'
import { operationOf } from '../registry.ts'

function cachingAt(path: string): CachingRules {
  const operation = operationOf('POST', path, {})
  if (operation instanceof Promise) throw new Error("OpenAI's protocols are loaded from the start.")
  return operation.caching
}

const chat = cachingAt('/chat/completions')
const completions = cachingAt('/completions')
const responses = cachingAt('/responses')
const embeddings = cachingAt('/embeddings')

describe('whyUnsafe', () => {
  it('allows embeddings', () => {
    expect(embeddings.whyUnsafe({ input: 'text' })).toBeUndefined()
  })

  it.each<[object, string | undefined]>([
    [{}, 'not-repeatable'],
    [{ temperature: 0.1 }, 'not-repeatable'],
    [{ temperature: 0 }, undefined],
    [{ temperature: 1, seed: 0 }, undefined],
    [{ temperature: 0, n: 1 }, undefined],
    [{ temperature: 0, n: 2 }, 'several-choices'],
    [{ temperature: 0, best_of: 3 }, 'several-choices'],
    [{ temperature: 0, store: true }, 'stateful'],
  ])('allows chat and completions that are repeatable and want one choice: %j', (request, reason) => {
    expect(chat.whyUnsafe(request as Record<string, unknown>)).toBe(reason)
    expect(completions.whyUnsafe(request as Record<string, unknown>)).toBe(reason)
  })

  it.each<[object, string | undefined]>([
    [{ temperature: 0 }, 'stateful'],
    [{ store: false, previous_response_id: null, background: false }, undefined],
    [{ store: false, previous_response_id: 'r' }, 'stateful'],
    [{ store: false, conversation: 'c' }, 'stateful'],
    [{ store: false, background: true }, 'stateful'],
  ])('allows responses that refer to nothing at the provider: %j', (request, reason) => {
    expect(responses.whyUnsafe(request as Record<string, unknown>)).toBe(reason)
  })
})

describe('refusalOf', () => {
  const ended = (...reasons: string[]): Record<string, unknown> => ({
    choices: reasons.map((finish_reason, index) => ({ index, finish_reason, message: { content: 'hi' } })),
  })

  it.each<[object, string | undefined]>([
    [ended('stop'), undefined],
    [ended('tool_calls'), undefined],
    [{ choices: [] }, 'incomplete'],
    [{ error: { message: 'overloaded' } }, 'error'],
    [{ ...ended('stop'), error: null }, undefined],
    [ended('length'), 'length'],
    [ended('content_filter'), 'content-filter'],
    [ended('stop', 'length'), 'length'],
  ])('judges a chat answer by its finish reasons: %j', (answer, refusal) => {
    expect(chat.refusalOf(answer as Record<string, unknown>)).toBe(refusal)
  })

  it.each<[object, string | undefined]>([
    [{ status: 'completed', error: null }, undefined],
    [{ status: 'failed' }, 'error'],
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
    [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'content-filter'],
    [{ status: 'in_progress' }, 'incomplete'],
  ])('judges a response by its status: %j', (answer, refusal) => {
    expect(responses.refusalOf(answer as Record<string, unknown>)).toBe(refusal)
  })

  it('judges embeddings by whether there are any', () => {
    expect(embeddings.refusalOf({ data: [] })).toBe('incomplete')
    expect(embeddings.refusalOf({ data: [{ embedding: [1] }] })).toBeUndefined()
  })
})

describe('the proof of a stream', () => {
  const event = (data: string): string => `data: ${data}\r\n\r\n`
  const delta = (index: number, finish: string | null): string =>
    event(JSON.stringify({ choices: [{ index, delta: { content: 'x' }, finish_reason: finish }] }))

  function refusal(caching: CachingRules, ...texts: string[]): string | undefined {
    const proof = caching.newProof()
    const { events } = new SseSplitter().push(Buffer.from(`${texts.join('')}\n\n`))
    for (const { name, data } of events)
      if (data !== undefined && data !== '[DONE]') proof.add(name, parseRecord(data))
    return proof.refusal
  }

  it('is a finish reason for every choice of a chat, and no error', () => {
    expect(refusal(chat, delta(0, null), delta(0, 'stop'))).toBeUndefined()
    expect(refusal(chat, ': ping\n\n', delta(0, null), delta(0, 'stop'), event('[DONE]'))).toBeUndefined()
    expect(refusal(chat, delta(0, null))).toBe('incomplete')
    expect(refusal(chat, delta(0, null), event('[DONE]'))).toBe('incomplete')
    expect(refusal(chat, delta(0, 'stop'), delta(1, null))).toBe('incomplete')
    expect(refusal(chat, delta(0, 'stop'), 'data: {"choices":[],"usage"')).toBe('incomplete')
    expect(refusal(chat, delta(0, 'stop'), event('{"error":{"message":"x"}}'))).toBe('error')
    expect(refusal(chat)).toBe('incomplete')
  })

  it('is the event that closes a response', () => {
    const closed = (type: string, response: object): string => event(JSON.stringify({ type, response }))
    expect(refusal(responses, closed('response.completed', { status: 'completed' }))).toBeUndefined()
    expect(refusal(responses, closed('response.created', { status: 'in_progress' }))).toBe('incomplete')
    expect(refusal(responses, closed('response.failed', { status: 'failed' }))).toBe('error')
    const details = { incomplete_details: { reason: 'max_output_tokens' } }
    expect(refusal(responses, closed('response.incomplete', { status: 'incomplete', ...details }))).toBe(
      'length',
    )
  })
})
