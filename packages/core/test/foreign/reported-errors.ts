import OpenAI from 'openai'
import { chunk, completion, json, sse, type ForeignRow, type Outcome } from './row.ts'

const refused = { calls: 1, circuit: 'nothing' } as const
const failing = { calls: 3, circuit: 'failure', movesOn: true } as const

const badRequest: Outcome = {
  ...refused,
  error: { class: OpenAI.BadRequestError, status: 400, message: /Invalid image/ },
  kind: 'bad-request',
  movesOn: false,
}
const unauthorized: Outcome = {
  ...refused,
  error: { class: OpenAI.AuthenticationError, status: 401 },
  kind: 'auth',
}
const quota: Outcome = { ...refused, error: { class: OpenAI.APIError, status: 402 }, kind: 'quota' }
const rateLimit: Outcome = {
  calls: 3,
  circuit: 'nothing',
  error: { class: OpenAI.RateLimitError, status: 429 },
  kind: 'rate-limit',
}
const unavailable: Outcome = {
  ...failing,
  error: { class: OpenAI.InternalServerError, status: 503 },
  kind: 'server',
}
const usedUp: Outcome = {
  ...refused,
  error: { class: OpenAI.RateLimitError, status: 429, code: 'insufficient_quota' },
  kind: 'quota',
  failureCode: 'insufficient_quota',
  movesOn: true,
}
const tooLong: Outcome = {
  ...refused,
  error: { class: OpenAI.BadRequestError, status: 400, message: /maximum context length is 4096/ },
  kind: 'context-length',
  movesOn: false,
}

const TOO_LONG = 'This model: maximum context length is 4096 tokens'

/** Errors that come with a success status: the same in JSON as in the first event of a stream. */
const ERRORS: readonly (readonly [what: string, error: object, becomes: Outcome])[] = [
  ['a numeric code 400', { error: { code: 400, message: 'Invalid image' } }, badRequest],
  ['a numeric code 401', { error: { code: 401, message: 'No.' } }, unauthorized],
  ['a numeric code 402', { error: { code: 402, message: 'No.' } }, quota],
  ['a numeric code 429', { error: { code: 429, message: 'No.' } }, rateLimit],
  ['a numeric code 503', { error: { code: 503, message: 'No.' } }, unavailable],
  ['a code 429 as text', { error: { code: '429', message: 'No.' } }, rateLimit],
  ['a code "400 Bad Request"', { error: { code: '400 Bad Request', message: 'Invalid image' } }, badRequest],
  ['a status', { error: { status: 400, message: 'Invalid image' } }, badRequest],
  ['a status_code', { error: { status_code: 401, message: 'No.' } }, unauthorized],
  ['an http_status', { error: { http_status: '402', message: 'No.' } }, quota],
  ['a httpStatusCode', { error: { httpStatusCode: 429, message: 'No.' } }, rateLimit],
  ['a vendor_http_code', { error: { vendor_http_code: 503, message: 'No.' } }, unavailable],
  ['a code beside a text', { error: 'Invalid image', code: 400 }, badRequest],
  ['a status_code beside a text', { error: 'No.', status_code: '429' }, rateLimit],
  [
    'a code in its metadata',
    { error: { message: 'Provider returned error', metadata: { upstream: { code: 429 } } } },
    rateLimit,
  ],
  [
    "a quoted error of the provider's own",
    { error: { message: 'Provider returned error', metadata: { raw: '{"error":{"code":429}}' } } },
    rateLimit,
  ],
  [
    'an error in an error',
    { error: { error: { error: { code: 400, message: 'Invalid image' } } } },
    badRequest,
  ],
  ['type: error', { type: 'error', code: 400, message: 'Invalid image' }, badRequest],
  [
    'object: error',
    { object: 'error', message: TOO_LONG, type: 'BadRequestError', code: 400, param: null },
    tooLong,
  ],
  [
    'a status that Google names',
    { error: { code: 429, message: 'Quota exceeded', status: 'RESOURCE_EXHAUSTED' } },
    rateLimit,
  ],
  [
    'a quota that is used up',
    {
      error: { code: 'insufficient_quota', type: 'insufficient_quota', message: 'You exceeded your quota.' },
    },
    usedUp,
  ],
  [
    'a quota that is used up, by its type',
    { error: { code: 429, type: 'insufficient_quota', message: 'You exceeded your quota.' } },
    { ...usedUp, error: { class: OpenAI.RateLimitError, status: 429, code: 429 } },
  ],
  ['a prompt that is too long', { error: { message: TOO_LONG } }, tooLong],
  [
    'an unknown code',
    { error: { code: 'E1234', message: 'No.' } },
    { ...failing, error: { class: OpenAI.InternalServerError, status: 502, code: 'E1234' } },
  ],
  [
    'a code of Chinese words',
    { error: { code: '服务繁忙', message: '服务繁忙' } },
    {
      ...failing,
      error: { class: OpenAI.InternalServerError, status: 502, code: 'other' },
      failureCode: 'other',
    },
  ],
]

/** An array that holds the error, as Google's OpenAI-compatible endpoint answers. */
const inArray = ERRORS.slice(0, 4).map(
  ([what, error, becomes]) => [`${what} in an array`, [error], becomes] as const,
)

const plain: readonly ForeignRow[] = [...ERRORS, ...inArray].flatMap(
  ([what, error, becomes]): ForeignRow[] => [
    {
      what: `a JSON error with ${what}`,
      answer: json(error),
      to: ['chat', 'responses', 'completions'],
      becomes,
    },
    {
      what: `a first event with ${what}`,
      answer: sse(error),
      to: ['chat stream', 'responses stream', 'completions stream'],
      becomes,
    },
  ],
)

/** Errors that stand in a choice, or behind an event that brings nothing. */
const placed: readonly ForeignRow[] = [
  {
    what: 'an error in the choice',
    answer: json(
      completion({
        message: { role: 'assistant', content: '' },
        finish_reason: 'error',
        error: { code: 502, message: 'Upstream died.' },
      }),
    ),
    to: ['chat'],
    becomes: { ...failing, error: { class: OpenAI.InternalServerError, status: 502 }, kind: 'server' },
  },
  {
    what: 'an error in the choice of a chunk',
    answer: sse(chunk({ finish_reason: 'error', error: { code: 400, message: 'Invalid image' } }), '[DONE]'),
    to: ['chat stream'],
    becomes: badRequest,
  },
  {
    what: 'a choice that ended with finish_reason error',
    answer: json(completion({ message: { role: 'assistant', content: '' }, finish_reason: 'error' })),
    to: ['chat'],
    becomes: { ...failing, error: { class: OpenAI.InternalServerError, status: 502 } },
  },
  {
    what: 'an error behind the role',
    answer: sse(chunk({ delta: { role: 'assistant', content: '' } }), {
      error: { code: 400, message: 'Invalid image' },
    }),
    to: ['chat stream'],
    becomes: badRequest,
  },
  {
    what: 'an event that is named error',
    answer: {
      headers: { 'content-type': 'text/event-stream' },
      body: 'event: error\ndata: {"message":"Invalid image","status":400}\n\n',
    },
    to: ['chat stream', 'responses stream'],
    becomes: badRequest,
  },
  {
    what: 'a response that failed',
    answer: json({
      object: 'response',
      status: 'failed',
      error: { code: 'server_error', message: 'No.' },
      output: [],
    }),
    to: ['responses'],
    becomes: { ...failing, error: { class: OpenAI.InternalServerError, status: 500 }, kind: 'server' },
  },
  {
    what: 'a response that failed in its first event',
    answer: sse({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'No.' } },
    }),
    to: ['responses stream'],
    becomes: { ...failing, error: { class: OpenAI.InternalServerError, status: 500 }, kind: 'server' },
  },
  {
    what: 'a response that failed for its quota',
    answer: sse({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'insufficient_quota', message: 'No.' } },
    }),
    to: ['responses stream'],
    becomes: usedUp,
  },
]

export const reportedErrors: readonly ForeignRow[] = [...plain, ...placed]
