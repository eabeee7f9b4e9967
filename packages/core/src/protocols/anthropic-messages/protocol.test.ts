import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../../base/json.ts'
import type { Operation } from '../protocol.ts'
import { anthropicMessages } from './protocol.ts'

const URL = 'https://api.anthropic.com/v1/messages'
const VERTEX = 'https://eu.example/v1/projects/p/locations/l/publishers/anthropic/models/'

function operationOf(path: string, body: JsonBody = {}): Operation | undefined {
  const operation = anthropicMessages.operationOf(path, body, '')
  if (operation instanceof Promise) throw new Error('The protocol is not loaded.')
  return operation
}

function blocks(...content: readonly object[]): JsonBody {
  return { messages: [{ role: 'user', content }] }
}

describe('the protocol anthropic-messages', () => {
  it.each([
    URL,
    'https://gateway.example/anthropic/v1/messages',
    `${VERTEX}claude-sonnet-4-6:rawPredict`,
    `${VERTEX}m:streamRawPredict`,
  ])('recognises %s', (path) => {
    expect(operationOf(path)).toMatchObject({
      name: 'messages',
      portable: true,
      ambiguousRetries: 1,
      checksAnswers: true,
    })
  })

  it.each([`${URL}/count_tokens`, `${VERTEX}count-tokens:rawPredict`])(
    'recognises %s as a free count',
    (path) => {
      const operation = operationOf(path)
      expect(operation).toMatchObject({ name: 'count_tokens', portable: true, ambiguousRetries: Infinity })
      expect(operation?.request.mayBeBilled('POST', path)).toBe(false)
    },
  )

  it.each([
    `${URL}/batches`,
    `${URL}/batches/msgbatch_1/cancel`,
    'https://api.openai.com/v1/threads/thread_1/messages',
    'https://api.anthropic.com/v1/files',
    'https://api.anthropic.com/v1/complete',
    'https://eu.example/v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict',
    'https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-sonnet-4-6/invoke',
  ])('leaves %s to others', (path) => {
    expect(operationOf(path)).toBeUndefined()
  })

  it.each<[string, JsonBody]>([
    ['a new thread', { thread: { type: 'create' } }],
    ['a thread', { thread: { type: 'continue', previous_message_id: 'msg_1' } }],
    ['a credit for a refusal', { fallback_credit_token: 'token' }],
    ['a credit as an object', { fallback_credit_token: { token: 'token', mode: 'best_effort' } }],
    ['a container', { container: 'container_1' }],
    ['a skill of the account', { container: { skills: [{ type: 'custom', skill_id: 'skill_1' }] } }],
    ['a container with skills', { container: { id: 'container_1', skills: [] } }],
    ['an uploaded image', blocks({ type: 'image', source: { type: 'file', file_id: 'file_1' } })],
    [
      'an uploaded document',
      blocks({ type: 'text', text: 'a' }, { type: 'document', source: { type: 'file', file_id: 'file_1' } }),
    ],
    ['an upload to a container', blocks({ type: 'container_upload', file_id: 'file_1' })],
    [
      'an uploaded image in the result of a tool',
      blocks({ type: 'tool_result', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }),
    ],
  ])('sends a request with %s nowhere else, and never again in doubt', (_, body) => {
    expect(operationOf(URL, body)).toMatchObject({ name: 'messages', portable: false, ambiguousRetries: 0 })
  })

  it.each<[string, JsonBody]>([
    ['nulls', { thread: null, fallback_credit_token: null, container: null }],
    ['a new container', { container: { skills: [{ type: 'anthropic', skill_id: 'pdf' }] } }],
    [
      'an image of its own',
      blocks({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }),
    ],
    ['messages that are no list', { messages: 'Hi' }],
    ['content that is no list', { messages: [{ role: 'user', content: 'Hi' }, null] }],
  ])('lets any target serve a request with %s', (_, body) => {
    expect(operationOf(URL, body)?.portable).toBe(true)
  })

  it('makes no last resort of a count: a text is none', () => {
    const facts = { id: '1', model: 'm', at: 0 }
    expect(operationOf(`${URL}/count_tokens`)?.lastResort.bodyOf('Sorry', facts)).toBeUndefined()
    expect(operationOf(URL)?.lastResort.bodyOf('Sorry', facts)).toMatchObject({ type: 'message' })
  })

  it('reads the model and the stream from the body, or from the path of Vertex AI', () => {
    const request = operationOf(URL)?.request
    expect(request?.modelOf(URL, { model: 'm' })).toBe('m')
    expect(request?.modelOf(`${VERTEX}claude-sonnet-4-5%4020250929:rawPredict`, {})).toBe(
      'claude-sonnet-4-5@20250929',
    )
    expect(request?.modelOf(URL, {})).toBeUndefined()
    expect(request?.isStreaming(URL, { stream: true })).toBe(true)
    expect(request?.isStreaming(URL, { stream: 'true' })).toBe(false)
    expect(request?.isStreaming(`${VERTEX}m:streamRawPredict`, {})).toBe(true)
    expect(request?.isStreaming(`${VERTEX}m:rawPredict`, {})).toBe(false)
  })

  it.each<[JsonBody, readonly string[]]>([
    [{}, []],
    [{ tools: [] }, []],
    [{ tools: [{ name: 'f' }] }, ['tools']],
    [{ output_config: { effort: 'low' } }, []],
    [{ output_config: { format: { type: 'json_schema', schema: {} } } }, ['json']],
    [{ output_format: { type: 'json_schema', schema: {} } }, ['json']],
    [blocks({ type: 'image', source: {} }), ['vision']],
    [blocks({ type: 'tool_result', content: [{ type: 'image', source: {} }] }), ['vision']],
  ])('knows what a model must be able to do for %j', (body, needs) => {
    expect(operationOf(URL)?.request.needsOf(body)).toEqual(needs)
  })

  it('reads session and tier', () => {
    const request = operationOf(URL)?.request
    expect(request?.sessionOf({ metadata: { user_id: 'u1' } })).toBe('u1')
    expect(request?.sessionOf({ metadata: { user_id: '' } })).toBeUndefined()
    expect(request?.sessionOf({ metadata: null })).toBeUndefined()
    expect(request?.serviceTierOf({ service_tier: 'standard_only' })).toBe('standard_only')
    expect(request?.serviceTierOf({ service_tier: 'auto', speed: 'fast' })).toBe('fast')
  })

  it.each<[JsonBody, string | undefined]>([
    [{ temperature: 0 }, undefined],
    [{}, 'not-repeatable'],
    [{ temperature: 1 }, 'not-repeatable'],
  ])('caches by itself only what a request means to be repeatable: %j', (body, reason) => {
    expect(operationOf(URL)?.caching.whyUnsafe(body)).toBe(reason)
  })

  it.each([
    ['end_turn', undefined],
    ['stop_sequence', undefined],
    ['tool_use', undefined],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content-filter'],
    ['pause_turn', 'incomplete'],
    ['compaction', 'incomplete'],
    ['something_new', 'incomplete'],
    [null, 'incomplete'],
  ])('knows whether an answer that ended with %s may be cached', (reason, refusal) => {
    const caching = operationOf(URL)?.caching
    expect(caching?.refusalOf({ type: 'message', stop_reason: reason })).toBe(refusal)
    const proof = caching?.newProof()
    proof?.add('message_delta', { type: 'message_delta', delta: { stop_reason: reason } })
    expect(proof?.refusal).toBe('incomplete')
    proof?.add('message_stop', { type: 'message_stop' })
    expect(proof?.refusal).toBe(refusal)
  })

  it('caches nothing of a stream with an error, or with an event that is not JSON', () => {
    for (const [name, body, refusal] of [
      ['error', { type: 'error', error: { type: 'api_error' } }, 'error'],
      ['content_block_delta', undefined, 'incomplete'],
    ] as const) {
      const proof = operationOf(URL)?.caching.newProof()
      proof?.add('message_delta', { delta: { stop_reason: 'end_turn' } })
      proof?.add(name, body)
      proof?.add('message_stop', { type: 'message_stop' })
      expect(proof?.refusal).toBe(refusal)
    }
    expect(operationOf(URL)?.caching.refusalOf({ error: { type: 'api_error' } })).toBe('error')
  })
})
