import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AttemptFailure } from '../src/index.ts'
import { harborClient, type Api } from './helpers/three-clients.ts'
import { ATTEMPT_MS, expectNoFalseTimeout, status, type ErrorClass } from './helpers/expect-failure.ts'
import { simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

type Answered = 'JSON' | 'stream'

/** One row of the table of failures: what a provider does every time, and the result of the call. */
interface Row {
  readonly what: string
  readonly fault: Fault | 'down'
  /** Only for answers of this form; both if left out. */
  readonly only?: Answered
  /** Requests sent, of at most three. */
  readonly attempts: number
  readonly error: ErrorClass
  readonly facts?: { status?: number; code?: string; cause?: object }
  readonly failure: Partial<AttemptFailure>
  readonly possiblyBilled?: number
}

const wish = (retry: boolean): object => ({ headers: { 'x-should-retry': String(retry) } })
const clear = { ambiguous: false } as const
const { APIConnectionError, APIConnectionTimeoutError, APIError, InternalServerError, RateLimitError } =
  OpenAI

const ERRORS: Readonly<Record<number, ErrorClass>> = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  403: OpenAI.PermissionDeniedError,
  404: OpenAI.NotFoundError,
  409: OpenAI.ConflictError,
  422: OpenAI.UnprocessableEntityError,
  429: RateLimitError,
}

const ROWS: readonly Row[] = [
  {
    what: 'a refused connection',
    fault: 'down',
    attempts: 3,
    error: APIConnectionError,
    failure: { kind: 'network', code: 'ECONNREFUSED', ...clear },
  },
  {
    what: 'a connection reset after sending',
    fault: { type: 'reset', when: 'before-headers' },
    attempts: 2,
    error: APIConnectionError,
    failure: { kind: 'network', ambiguous: true },
    possiblyBilled: 2,
  },
  {
    what: 'a connection reset after the headers',
    fault: { type: 'reset', when: 'after-headers' },
    only: 'JSON',
    attempts: 2,
    error: APIConnectionError,
    failure: { kind: 'network', ambiguous: true },
    possiblyBilled: 2,
  },
  {
    what: 'no answer before the attempt timeout',
    fault: { type: 'hang' },
    attempts: 2,
    error: APIConnectionTimeoutError,
    facts: { cause: { name: 'TimeoutError', clock: 'attempt', limitMs: ATTEMPT_MS } },
    failure: { kind: 'timeout', ambiguous: true },
    possiblyBilled: 2,
  },
  {
    what: 'half of a body before the attempt timeout',
    fault: { type: 'stream-stall', afterEvents: 0, inside: true },
    attempts: 2,
    error: APIConnectionTimeoutError,
    facts: { cause: { clock: 'attempt' } },
    failure: { kind: 'timeout', ambiguous: true },
    possiblyBilled: 2,
  },
  ...[400, 422, 405, 406, 415].map((code) => refusal(code, 'bad-request')),
  ...[400, 413].map((code) => refusal(code, 'context-length', 'context_length_exceeded')),
  ...[400, 403].map((code) => refusal(code, 'content-filter', 'content_filter')),
  ...[401, 403].map((code) => refusal(code, 'auth')),
  refusal(402, 'quota', 'insufficient_quota'),
  refusal(404, 'not-found', 'model_not_found'),
  ...['insufficient_quota', 'billing_hard_limit_reached', 'exceeded_current_quota_error'].map((code) =>
    refusal(429, 'quota', code),
  ),
  repeated(408, 'timeout', 3),
  repeated(409, 'conflict', 2),
  repeated(429, 'rate-limit', 3),
  {
    ...repeated(503, 'overloaded', 3),
    what: '503 slow_down',
    fault: status(503, { code: 'slow_down' }),
  },
  repeated(529, 'overloaded', 3),
  ...[500, 502, 503, 504, 520, 521, 522, 523, 524].map((code) => repeated(code, 'server', 3)),
  ...[501, 505, 599].map((code) => repeated(code, 'server', 1)),
  {
    ...repeated(400, 'bad-request', 3),
    what: '400 and x-should-retry: true',
    fault: status(400, wish(true)),
  },
  {
    ...repeated(500, 'server', 1),
    what: '500 and x-should-retry: false',
    fault: status(500, wish(false)),
  },
  {
    ...refusal(429, 'quota', 'insufficient_quota'),
    what: 'insufficient_quota and x-should-retry: true',
    fault: status(429, { code: 'insufficient_quota', ...wish(true) }),
  },
  { ...malformed('HTML'), fault: { type: 'html-200' } },
  { ...malformed('half of a JSON text'), fault: { type: 'broken-json' } },
  { ...malformed('an empty body'), fault: { type: 'empty-body' }, only: 'JSON' },
  { ...malformed('plain text'), fault: { type: 'raw', body: 'Hello.' }, only: 'JSON' },
  { ...malformed('JSON that is not an object'), fault: { type: 'play-json', body: '[]' } },
  { ...malformed('JSON instead of a stream'), fault: { type: 'json-for-stream' }, only: 'stream' },
  ...reported('server_error', 500, 'server', 3),
  ...reported('slow_down', 503, 'overloaded', 3),
  ...reported('rate_limit_exceeded', 429, 'rate-limit', 3),
  ...reported('insufficient_quota', 429, 'quota', 1),
  ...reported('invalid_api_key', 401, 'auth', 1),
  ...reported('model_not_found', 404, 'not-found', 1),
  ...reported('context_length_exceeded', 400, 'context-length', 1),
  ...reported('content_filter', 400, 'content-filter', 1),
  ...reported('never_heard_of', 502, undefined, 3),
  ...(
    [
      ['reset after the headers', { type: 'reset', when: 'after-headers' }],
      ['cut before its first content', { type: 'stream-cut', afterEvents: 1 }],
      ['ended before its first content', { type: 'stream-end', afterEvents: 1 }],
      ['empty', { type: 'empty-body' }],
    ] as const
  ).map(([how, fault]): Row => ({
    what: `a stream that is ${how}`,
    fault,
    only: 'stream',
    attempts: 3,
    error: InternalServerError,
    facts: { status: 502, code: 'stream_incomplete' },
    failure: { kind: 'stream', code: 'stream_incomplete', ...clear },
  })),
  {
    what: 'a stream that is broken before its first content',
    fault: { type: 'play', events: ['{"cho'] },
    only: 'stream',
    attempts: 3,
    error: InternalServerError,
    facts: { status: 502, code: 'stream_malformed' },
    failure: { kind: 'stream', code: 'stream_malformed', ...clear },
  },
]

beforeEach(timeInTurns)

describe.each<[Api, Answered]>([
  ['chat', 'JSON'],
  ['chat', 'stream'],
  ['responses', 'JSON'],
  ['responses', 'stream'],
])('a call to %s (%s)', (api, form) => {
  it.each(ROWS.filter(({ only }) => only === undefined || only === form))(
    'fails as expected after $what',
    async (row) => {
      const { fault, attempts, possiblyBilled = 0 } = row
      const rules = fault === 'down' ? [] : [{ fault }]
      const provider = await simulate({ providers: { openai: { rules } } })
      if (fault === 'down') await provider.down()
      const isSlow = row.failure.kind === 'timeout' && row.failure.ambiguous === true
      const timeouts = { attemptMs: isSlow ? ATTEMPT_MS : undefined }
      const client = harborClient(provider, { timeouts })

      const { chunks, error, receipt } = await (form === 'JSON'
        ? client.ask(api, 'm')
        : client.stream(api, 'm'))

      expect(chunks).toEqual([])
      expect(error).toBeInstanceOf(row.error)
      if (row.facts) expect(error).toMatchObject(row.facts)
      expect(receipt).toMatchObject({ operation: api, outcome: 'failure', possiblyBilled, usage: undefined })
      expect(receipt?.attempts.map(({ failure }) => failure)).toEqual(
        Array.from({ length: attempts }, () => expect.objectContaining(row.failure) as unknown),
      )
      expectNoFalseTimeout(error)
      await provider.whenIdle()
      expect(provider.counts()).toMatchObject({ calls: fault === 'down' ? 0 : attempts, inFlight: 0 })
    },
  )
})

describe('a complete answer that was ended', () => {
  it.each([
    ['content-filter', 'content_filter'],
    ['length', 'length'],
  ] as const)('by %s is a success with the finish reason of the provider', async (type, reason) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type } }] } } })
    const client = harborClient(provider)
    for (const read of [client.ask, client.stream]) {
      expect((await read('chat', 'm')).receipt).toMatchObject({ outcome: 'success', finishReasons: [reason] })
      expect((await read('responses', 'm')).receipt).toMatchObject({
        outcome: 'success',
        finishReasons: ['incomplete'],
      })
    }
    expect(provider.counts().calls).toBe(4)
  })
})

/** A status of failure that is not retried. */
function refusal(code: number, kind: AttemptFailure['kind'], name?: string): Row {
  return { ...repeated(code, kind, 1, name) }
}

function repeated(code: number, kind: AttemptFailure['kind'], attempts: number, name?: string): Row {
  return {
    what: `${code}${name === undefined ? '' : ` ${name}`}`,
    fault: status(code, name === undefined ? {} : { code: name }),
    attempts,
    error: ERRORS[code] ?? (code >= 500 ? InternalServerError : APIError),
    facts: { status: code },
    failure: { kind, ...clear },
  }
}

/** A status of success with a body that cannot be an answer. */
function malformed(what: string): Omit<Row, 'fault'> {
  return {
    what: `200 with ${what}`,
    attempts: 2,
    error: InternalServerError,
    facts: { status: 502, code: 'malformed_answer' },
    failure: { kind: 'malformed', code: 'malformed_answer', ambiguous: true },
    possiblyBilled: 2,
  }
}

/** An error reported under a status of success, as the body and inside a stream. */
function reported(
  code: string,
  statusMeant: number,
  kind: AttemptFailure['kind'] | undefined,
  attempts: number,
): Row[] {
  const body = JSON.stringify({ error: { code, message: 'No.', type: 'api' } })
  const row = {
    attempts,
    error: ERRORS[statusMeant] ?? InternalServerError,
    facts: { status: statusMeant, code },
  }
  return [
    {
      ...row,
      what: `200 with the error ${code} in its body`,
      fault: { type: 'play-json', body },
      failure: { kind: kind ?? 'malformed', code, ...clear },
    },
    {
      ...row,
      what: `a stream that reports ${code} before its first content`,
      fault: { type: 'play', events: [body] },
      only: 'stream',
      failure: { kind: kind ?? 'stream', code, ...clear },
    },
  ]
}
