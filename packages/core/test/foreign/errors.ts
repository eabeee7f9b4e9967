import OpenAI from 'openai'
import type { FailureKind } from '@harbor/retry'
import type { ErrorClass } from '../helpers/expect-failure.ts'
import { json, text, type ForeignRow, type Outcome } from './row.ts'

type Verdict = Pick<Outcome, 'calls' | 'circuit' | 'kind' | 'movesOn'>

const once = (kind: FailureKind, movesOn?: boolean): Verdict => ({
  calls: 1,
  circuit: 'nothing',
  kind,
  ...(movesOn !== undefined && { movesOn }),
})
const RATE_LIMIT: Verdict = { calls: 3, circuit: 'nothing', kind: 'rate-limit' }
const SERVER: Verdict = { calls: 3, circuit: 'failure', kind: 'server', movesOn: true }

const CLASSES: Readonly<Record<number, ErrorClass>> = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  402: OpenAI.APIError,
  403: OpenAI.PermissionDeniedError,
  413: OpenAI.APIError,
  422: OpenAI.UnprocessableEntityError,
  429: OpenAI.RateLimitError,
}

/** Bodies of errors in the shapes of many vendors, the code that receipts have, and the verdict. */
const BODIES: readonly (readonly [
  what: string,
  status: number,
  body: unknown,
  code: string | undefined,
  verdict: Verdict,
])[] = [
  [
    'an array of Google',
    429,
    [{ error: { code: 429, message: 'Slow', status: 'RESOURCE_EXHAUSTED' } }],
    'RESOURCE_EXHAUSTED',
    RATE_LIMIT,
  ],
  [
    'an array with a used-up quota',
    429,
    [{ error: { code: 'insufficient_quota', message: 'No.' } }],
    'insufficient_quota',
    once('quota', true),
  ],
  ['a text', 400, { error: 'Invalid image' }, undefined, once('bad-request', false)],
  [
    'a text about the length',
    400,
    { error: 'the prompt is too long' },
    undefined,
    once('context-length', false),
  ],
  [
    'only a message',
    400,
    { message: 'maximum context length is 4096 tokens' },
    undefined,
    once('context-length', false),
  ],
  [
    'a code beside the message',
    429,
    { code: 'insufficient_quota', message: 'No.' },
    'insufficient_quota',
    once('quota', true),
  ],
  [
    'a list of FastAPI',
    422,
    { detail: [{ loc: ['body'], msg: 'Field required', type: 'missing' }] },
    'missing',
    once('bad-request', false),
  ],
  [
    'a list of errors',
    400,
    { errors: [{ code: 7003, message: 'No route' }], success: false },
    undefined,
    once('bad-request', false),
  ],
  [
    'error_code and error_msg',
    429,
    { error_code: 18, error_msg: 'QPS limit reached' },
    undefined,
    RATE_LIMIT,
  ],
  [
    'an error of AWS',
    429,
    { __type: 'ThrottlingException', message: 'Too many' },
    'ThrottlingException',
    RATE_LIMIT,
  ],
  [
    'a nested error',
    400,
    { error: { message: 'No.', innererror: { code: 'content_filter' } } },
    'content_filter',
    once('content-filter', false),
  ],
  [
    'an error quoted as text',
    400,
    { error: { message: '{"error":{"code":"context_length_exceeded"}}' } },
    'context_length_exceeded',
    once('context-length', false),
  ],
  [
    'a numeric text for a code',
    400,
    { error: { code: '400', message: 'No.' } },
    undefined,
    once('bad-request', false),
  ],
  [
    'a status of its own in the body',
    400,
    { error: { code: 500, message: 'No.' } },
    undefined,
    once('bad-request', false),
  ],
  ['an unknown code', 500, { error: { code: 'E1234', message: 'No.' } }, 'E1234', SERVER],
  ['a code in Chinese', 500, { error: { code: '系统错误', message: 'No.' } }, 'other', SERVER],
  ['null', 500, null, undefined, SERVER],
  ['an empty object', 500, {}, undefined, SERVER],
  ['error: null', 500, { error: null }, undefined, SERVER],
  ['an error without end', 400, nested(2_000), undefined, once('bad-request', false)],
]

const PROBLEM = { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'No.' }

function nested(depth: number): object {
  let error: object = { message: 'No.' }
  for (let level = 0; level < depth; level++) error = { error }
  return error
}

/** Errors in the words and shapes of many vendors, under a status that says so. */
export const errors: readonly ForeignRow[] = [
  ...BODIES.map(([what, status, body, failureCode, verdict]): ForeignRow => ({
    what: `${status} with ${what}`,
    answer: json(body, { status }),
    to: ['chat', 'chat stream', 'responses'],
    becomes: {
      error: { class: CLASSES[status] ?? OpenAI.InternalServerError, status },
      failureCode,
      ...verdict,
    },
  })),
  {
    what: 'problem+json under 401',
    answer: text('application/problem+json', JSON.stringify(PROBLEM), 401),
    to: ['chat'],
    becomes: { error: { class: OpenAI.AuthenticationError, status: 401 }, ...once('auth') },
  },
  {
    what: 'XML under 403',
    answer: text('application/xml', '<Error><Code>AccessDenied</Code></Error>', 403),
    to: ['chat'],
    becomes: { error: { class: OpenAI.PermissionDeniedError, status: 403 }, ...once('auth') },
  },
  {
    what: 'nothing under 429',
    answer: { status: 429 },
    to: ['chat', 'chat stream'],
    becomes: { error: { class: OpenAI.RateLimitError, status: 429 }, ...RATE_LIMIT },
  },
  {
    what: 'an error page of a proxy under 503',
    answer: text('text/html', '<html><h1>503 Service Unavailable</h1></html>', 503),
    to: ['chat', 'chat stream', 'responses'],
    becomes: { error: { class: OpenAI.InternalServerError, status: 503 }, failureCode: undefined, ...SERVER },
  },
]
