import { completion, json, type Ask, type ForeignRow } from './row.ts'

const vector = [0.5, 0.25]
const base64 = Buffer.from(new Float32Array(vector).buffer).toString('base64')
const embedding = { object: 'embedding', index: 0, embedding: vector }
const list = (...data: unknown[]): object => ({ object: 'list', model: 'm', data })
const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"error":"x"}' } }
const message = (fields: object, choice: object = {}): object =>
  completion({ message: { role: 'assistant', ...fields }, ...choice })
const response = (fields: object): object => ({
  object: 'response',
  status: 'completed',
  output: [],
  ...fields,
})

/** Unusual answers that are answers all the same. */
const ANSWERS: readonly (readonly [what: string, to: Ask, body: object, request?: object])[] = [
  ['only choices', 'chat', { choices: [{ message: { content: 'Hello.' } }] }],
  [
    'fields of an error that say nothing',
    'chat',
    completion({}, { error: null, errors: [], detail: null, code: 0, message: '' }),
  ],
  ['an empty error', 'chat', completion({}, { error: {} })],
  ['an error without an error', 'chat', completion({}, { error: { code: 0, message: 'success' } })],
  ['a status of success', 'chat', completion({}, { base_resp: { status_code: 0, status_msg: '' } })],
  [
    'choices with extra fields',
    'chat',
    completion({ error: null, native_finish_reason: 'STOP', delta: null }),
  ],
  [
    'content: null with tool calls',
    'chat',
    message({ content: null, tool_calls: [call] }, { finish_reason: 'tool_calls' }),
  ],
  [
    'content: null with a refusal',
    'chat',
    message({ content: null, refusal: 'No.' }, { finish_reason: null }),
  ],
  [
    'content: null with audio',
    'chat',
    message({ content: null, audio: { id: 'a' } }, { finish_reason: null }),
  ],
  [
    'content: null with reasoning',
    'chat',
    message({ content: null, reasoning_content: 'Hm.' }, { finish_reason: null }),
  ],
  ['content in parts', 'chat', message({ content: [{ type: 'text', text: 'Hi' }] }, { finish_reason: null })],
  ['empty content that ended by length', 'chat', message({ content: '' }, { finish_reason: 'length' })],
  [
    'empty content that was filtered',
    'chat',
    message({ content: null }, { finish_reason: 'content_filter' }),
  ],
  ['no message, since it was filtered', 'chat', { choices: [{ finish_reason: 'content_filter' }] }],
  ['empty content that ended', 'chat', message({ content: '' })],
  ['a message without content that ended', 'chat', message({})],
  ['an unknown finish reason', 'chat', message({ content: '' }, { finish_reason: 'eos' })],
  ['fewer choices than requested', 'chat', completion(), { n: 3 }],
  ['one good choice of two', 'chat', { choices: [null, { message: { content: 'Hello.' } }] }],
  ['an answer that speaks of errors', 'chat', message({ content: '{"error":{"code":500}}' })],
  [
    'an empty text',
    'completions',
    { object: 'text_completion', choices: [{ text: '', finish_reason: 'length' }] },
  ],
  ['a text without its end', 'completions', { choices: [{ text: '' }] }],
  ['text: null that ended', 'completions', { choices: [{ text: null, finish_reason: 'stop' }] }],
  [
    'an incomplete response',
    'responses',
    response({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }),
  ],
  ['a response that is queued', 'responses', response({ status: 'queued' }), { background: true }],
  [
    'a response without a status',
    'responses',
    { output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }] },
  ],
  [
    'a response whose tool failed',
    'responses',
    response({ output: [{ type: 'mcp_call', error: 'no route' }] }),
  ],
  ['an embedding', 'embeddings', list(embedding)],
  ['an embedding as base64', 'embeddings', list({ ...embedding, embedding: base64 })],
  ['an embedding of tokens', 'embeddings', list(embedding), { input: [1, 2, 3] }],
  ['more embeddings than inputs', 'embeddings', list(embedding, { ...embedding, index: 1 })],
]

export const answers: readonly ForeignRow[] = ANSWERS.map(([what, to, body, request]) => ({
  what,
  answer: json(body),
  to: [to],
  becomes: { calls: 1, circuit: 'success', ...(to !== 'embeddings' && { value: body }) },
  ...(request && { request }),
}))
