import OpenAI from 'openai'
import { completion, json, type Ask, type ForeignRow } from './row.ts'

/** It may have been billed, so it is repeated once, and then another target takes over. */
const refused = {
  error: { class: OpenAI.InternalServerError, status: 502, code: 'malformed_answer' },
  calls: 2,
  circuit: 'failure',
  billed: 2,
  kind: 'malformed',
  failureCode: 'malformed_answer',
  movesOn: true,
} as const

const embedding = { object: 'embedding', index: 0, embedding: [0.1, 0.2] }
const list = (...data: unknown[]): object => ({ object: 'list', model: 'm', data })

/** JSON under 200 that is no answer, by what it is sent in answer to. */
const BODIES: readonly (readonly [what: string, to: readonly Ask[], body: unknown, request?: object])[] = [
  ['an empty object', ['chat', 'completions', 'responses', 'embeddings'], {}],
  ['an empty array', ['chat', 'responses', 'embeddings'], []],
  ['a number', ['chat', 'responses'], 7],
  ['null', ['chat', 'responses'], null],
  ['a text', ['chat', 'embeddings'], 'Hello.'],
  ['choices: null', ['chat', 'completions'], { id: null, choices: null }],
  ['no choice', ['chat', 'completions'], { object: 'chat.completion', choices: [], usage: null }],
  ['choices that are no list', ['chat'], { choices: { 0: { message: { content: 'Hello.' } } } }],
  ['a choice that is null', ['chat', 'completions'], { choices: [null] }],
  ['a message that is null', ['chat'], { choices: [{ index: 0, message: null, finish_reason: 'stop' }] }],
  ['a choice without a message', ['chat'], { choices: [{ index: 0, finish_reason: 'stop' }] }],
  [
    'a message that neither says anything nor ended',
    ['chat'],
    { choices: [{ message: { role: 'assistant', content: '' } }] },
  ],
  [
    'a finish_reason that is no word',
    ['chat'],
    { choices: [{ message: { content: null }, finish_reason: 'null' }] },
  ],
  [
    'a status of MiniMax',
    ['chat'],
    { choices: null, base_resp: { status_code: 1002, status_msg: 'too busy' } },
  ],
  ['a detail of FastAPI', ['chat', 'responses', 'embeddings'], { detail: 'Internal error' }],
  ['a message without a code', ['chat'], { message: 'Something went wrong' }],
  ['a code that says success', ['chat'], { code: 0, message: 'ok', data: null }],
  [
    'a list of errors',
    ['chat'],
    { success: false, errors: [{ code: 7003, message: 'No route' }], result: null },
  ],
  ['an answer of chat', ['embeddings', 'responses', 'completions'], completion()],
  ['an answer of embeddings', ['chat', 'responses'], list(embedding)],
  [
    'an answer of completions',
    ['chat', 'responses'],
    { object: 'text_completion', choices: [{ text: 'Hello.' }] },
  ],
  ['a response', ['chat', 'embeddings'], { object: 'response', status: 'completed', output: [] }],
  ['output: null', ['responses'], { object: 'response', status: 'completed', output: null }],
  ['a response without output', ['responses'], { object: 'response', status: 'completed' }],
  ['no embedding', ['embeddings'], list()],
  ['fewer embeddings than inputs', ['embeddings'], list(embedding), { input: ['a', 'b'] }],
  ['fewer embeddings than inputs of tokens', ['embeddings'], list(embedding), { input: [[1, 2], [3]] }],
  ['embeddings without a vector', ['embeddings'], list({ object: 'embedding', index: 0 })],
  ['an empty vector', ['embeddings'], list({ ...embedding, embedding: [] })],
  ['a vector of nothing', ['embeddings'], list({ ...embedding, embedding: [null, null] })],
  ['embeddings that are null', ['embeddings'], list(null)],
]

export const noAnswers: readonly ForeignRow[] = BODIES.map(([what, to, body, request]) => ({
  what: `a 200 with ${what}`,
  answer: json(body),
  to,
  becomes: refused,
  ...(request && { request }),
}))
