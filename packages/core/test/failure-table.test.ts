import type { Fault, SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type AttemptFailure, type Harbor, type Receipt } from '../src/index.ts'
import { CLIENTS, harborClient, type Api } from './clients.ts'
import { harborFetchFor, harborFor, HELLO, QUICK, simulate } from './support.ts'

type Answered = 'JSON' | 'stream'

/** One row of the table of failures: what a provider does every time, and what becomes of the call. */
interface Row {
  readonly what: string
  readonly fault: Fault | 'down'
  /** Only for answers of this form; both if left out. */
  readonly only?: Answered
  /** Requests sent, of at most three. */
  readonly attempts: number
  readonly error: abstract new (...args: never[]) => Error
  readonly facts?: { status?: number; code?: string; cause?: object }
  readonly failure: Partial<AttemptFailure>
  readonly possiblyBilled?: number
}

const ATTEMPT_MS = 100

const status = (code: number, more: object = {}): Fault => ({ type: 'status', status: code, ...more })
const wish = (retry: boolean): object => ({ headers: { 'x-should-retry': String(retry) } })
const clear = { ambiguous: false } as const
const { APIConnectionError, APIConnectionTimeoutError, APIError, InternalServerError, RateLimitError } =
  OpenAI

const ERRORS: Readonly<Record<number, Row['error']>> = {
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
    what: 'never sent, because nothing listens',
    fault: 'down',
    attempts: 3,
    error: APIConnectionError,
    failure: { kind: 'network', code: 'ECONNREFUSED', ...clear },
  },
  {
    what: 'sent, then the connection is reset',
    fault: { type: 'reset', when: 'before-headers' },
    attempts: 2,
    error: APIConnectionError,
    failure: { kind: 'network', ambiguous: true },
    possiblyBilled: 2,
  },
  {
    what: 'sent, then the connection is reset behind the headers',
    fault: { type: 'reset', when: 'after-headers' },
    only: 'JSON',
    attempts: 2,
    error: APIConnectionError,
    failure: { kind: 'network', ambiguous: true },
    possiblyBilled: 2,
  },
  {
    what: 'sent, and not answered in the time of an attempt',
    fault: { type: 'hang' },
    attempts: 2,
    error: APIConnectionTimeoutError,
    facts: { cause: { name: 'TimeoutError', clock: 'attempt', limitMs: ATTEMPT_MS } },
    failure: { kind: 'timeout', ambiguous: true },
    possiblyBilled: 2,
  },
  {
    what: 'sent, and only half of the body answered in the time of an attempt',
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
    what: 'answered with 503 slow_down',
    fault: status(503, { code: 'slow_down' }),
  },
  repeated(529, 'overloaded', 3),
  ...[500, 502, 503, 504, 520, 521, 522, 523, 524].map((code) => repeated(code, 'server', 3)),
  ...[501, 505, 599].map((code) => repeated(code, 'server', 1)),
  {
    ...repeated(400, 'bad-request', 3),
    what: 'answered with 400 and x-should-retry: true',
    fault: status(400, wish(true)),
  },
  {
    ...repeated(500, 'server', 1),
    what: 'answered with 500 and x-should-retry: false',
    fault: status(500, wish(false)),
  },
  {
    ...refusal(429, 'quota', 'insufficient_quota'),
    what: 'answered with insufficient_quota and x-should-retry: true',
    fault: status(429, { code: 'insufficient_quota', ...wish(true) }),
  },
  { ...malformed('HTML'), fault: { type: 'html-200' } },
  { ...malformed('half of a JSON text'), fault: { type: 'broken-json' } },
  { ...malformed('nothing'), fault: { type: 'empty-body' }, only: 'JSON' },
  { ...malformed('plain text'), fault: { type: 'wrong-content-type' }, only: 'JSON' },
  { ...malformed('JSON that is no object'), fault: { type: 'play-json', body: '[]' } },
  { ...malformed('JSON where a stream was asked for'), fault: { type: 'json-for-stream' }, only: 'stream' },
  ...told('server_error', 500, 'server', 3),
  ...told('slow_down', 503, 'overloaded', 3),
  ...told('rate_limit_exceeded', 429, 'rate-limit', 3),
  ...told('insufficient_quota', 429, 'quota', 1),
  ...told('invalid_api_key', 401, 'auth', 1),
  ...told('model_not_found', 404, 'not-found', 1),
  ...told('context_length_exceeded', 400, 'context-length', 1),
  ...told('content_filter', 400, 'content-filter', 1),
  ...told('never_heard_of', 502, undefined, 3),
  ...(
    [
      ['reset behind the headers', { type: 'reset', when: 'after-headers' }],
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

describe.each<[Api, Answered]>([
  ['chat', 'JSON'],
  ['chat', 'stream'],
  ['responses', 'JSON'],
  ['responses', 'stream'],
])('a call to %s for a %s answer that is always', (api, form) => {
  it.each(ROWS.filter(({ only }) => only === undefined || only === form))('$what', async (row) => {
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
    const { calls } = provider.counts()
    if (isSlow)
      expect(calls).toBeLessThanOrEqual(attempts) // time may be up before anything was sent
    else expect(calls).toBe(fault === 'down' ? 0 : attempts)
    expect(provider.counts().inFlight).toBe(0)
  })
})

describe('an attempt that was never sent is repeated like any other', () => {
  it.each([
    ['TLS spoken to a server without it', { scheme: 'https' }],
    ['a name that does not resolve', { host: 'no-such-host.invalid' }],
  ])('%s', async (_, { scheme = 'http', host = '127.0.0.1' }: { scheme?: string; host?: string }) => {
    const provider = await simulate()
    const harbor = harborFor(provider, { baseURL: `${scheme}://${host}:${provider.port}/v1` })
    expectAttempts(await failureOf(harbor.chat.completions.create(HELLO)), {
      error: APIConnectionError,
      attempts: 3,
      failure: { kind: 'network', ambiguous: false },
    })
  })

  it('a connection that is not made in time', async () => {
    const provider = await simulate()
    const cause = Object.assign(new Error('no'), { code: 'UND_ERR_CONNECT_TIMEOUT' })
    const harbor = harborFor(provider, {
      fetch: () => Promise.reject(new TypeError('fetch failed', { cause })),
    })
    expectAttempts(await failureOf(harbor.chat.completions.create(HELLO)), {
      error: APIConnectionError,
      attempts: 3,
      failure: { kind: 'network', code: 'UND_ERR_CONNECT_TIMEOUT', ambiguous: false },
    })
  })

  it('but an error of a transport that nobody knows is not repeated', async () => {
    const provider = await simulate()
    const strange = new Error('strange')
    const harbor = harborFor(provider, { fetch: () => Promise.reject(strange) })
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expectAttempts(error, { error: APIConnectionError, attempts: 1, failure: { kind: 'unknown' } })
    expect(error).toMatchObject({ cause: strange })
  })
})

describe('what the pool itself refuses was never sent, so nothing is repeated or billed', () => {
  it.each([
    ['queue_full', { connections: 1, maxQueued: 1 }, RateLimitError, { status: 429, code: 'queue_full' }],
    [
      'queue_timeout',
      { connections: 1, queueTimeoutMs: 30 },
      APIConnectionError,
      { cause: { code: 'queue_timeout' } },
    ],
  ] as const)('%s', async (code, pool, errorClass, facts) => {
    const provider = await simulate({ providers: { openai: { latency: 150 } } })
    const harbor = harborFor(provider, { pool })
    const first = harbor.chat.completions.create(HELLO)
    const second = harbor.chat.completions.create(HELLO)
    second.catch(() => undefined)
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expectAttempts(error, {
      error: errorClass,
      attempts: 1,
      failure: { kind: 'refused', code, ...clear },
    })
    expect(error).toMatchObject(facts)
    if (error instanceof RateLimitError) expect(error.headers.get('retry-after-ms')).toBe('1000')
    expect(receiptOf(error)).toMatchObject({ possiblyBilled: 0 })
    expect(receiptOf(await first)).toMatchObject({ outcome: 'success' })
    await Promise.allSettled([second])
  })

  it('pool_closed', async () => {
    const harbor = harborFor(await simulate())
    await harbor.close()
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expectAttempts(error, { error: APIConnectionError, attempts: 1, failure: { kind: 'refused' } })
  })
})

describe('a whole answer that a model ended', () => {
  it.each([
    ['content-filter', 'content_filter'],
    ['length', 'length'],
  ] as const)('by %s is a success, told as the provider tells it', async (type, reason) => {
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

describe('allowances are for the whole call', () => {
  async function play(...faults: (Fault | 'ok')[]): Promise<{ error: unknown; provider: SimulatedProvider }> {
    const provider = await simulate()
    provider.fail(...faults)
    const harbor = harborFor(provider, { maxRetries: 9 })
    return { error: await failureOf(harbor.chat.completions.create(HELLO)), provider }
  }

  it('an ambiguous failure is repeated once, whatever failed in between', async () => {
    const { error, provider } = await play({ type: 'reset' }, status(500), { type: 'reset' })
    expect(provider.counts().calls).toBe(3)
    expect(receiptOf(error)).toMatchObject({ possiblyBilled: 2 })
    expect(error).toMatchObject({ status: 500 }) // the upstream that answered tells more than the reset after it
  })

  it('a conflict is repeated once, whatever failed in between', async () => {
    const { error, provider } = await play(status(409), status(500), status(409))
    expect(provider.counts().calls).toBe(3)
    expect(error).toBeInstanceOf(OpenAI.ConflictError)
  })
})

describe('what may change something at the provider is not repeated when it may have been carried out', () => {
  const RESET: Fault = { type: 'reset' }

  const ASK = { model: 'gpt-4', input: 'Hi.' }
  const BATCH = { completion_window: '24h', endpoint: '/v1/responses', input_file_id: 'f' } as const
  const CALLS: readonly [what: string, call: (harbor: Harbor) => PromiseLike<unknown>][] = [
    [
      'a response that continues another',
      ({ responses }) => responses.create({ ...ASK, previous_response_id: 'r' }),
    ],
    ['a response in a conversation', ({ responses }) => responses.create({ ...ASK, conversation: 'c' })],
    ['a response in the background', ({ responses }) => responses.create({ ...ASK, background: true })],
    ['an upload', ({ files }) => files.create({ file: new File(['{}'], 'a.jsonl'), purpose: 'batch' })],
    ['a batch', ({ batches }) => batches.create(BATCH)],
    ['a deletion', ({ files }) => files.delete('file-1')],
    ['a path nobody knows', (harbor) => harbor.post('/frobnicate', { body: {} })],
  ]

  it.each(CALLS)('%s', async (_, call) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: RESET }] } } })
    const error = await failureOf(call(harborFor(provider)))
    expectAttempts(error, {
      error: APIConnectionError,
      attempts: 1,
      failure: { kind: 'network', ambiguous: true },
    })
    expect(provider.counts().calls).toBe(1)
  })

  it.each(CALLS)('%s: but a refusal is no doubt, and is repeated', async (_, call) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: status(500) }] } } })
    const error = await failureOf(call(harborFor(provider)))
    expectAttempts(error, { error: InternalServerError, attempts: 3, failure: { kind: 'server' } })
    expect(provider.counts().calls).toBe(3)
    const lengths = provider.requests().map(({ headers }) => headers['content-length'])
    expect(new Set(lengths).size).toBe(1) // every time the whole body
  })

  it.each<[string, (harbor: Harbor) => PromiseLike<unknown>, number]>([
    ['what only reads', (harbor) => harbor.models.retrieve('gpt-4'), 3],
    ['a list', (harbor) => harbor.models.list(), 3],
    ['embeddings', (harbor) => harbor.embeddings.create({ model: 'm', input: 'a' }), 2],
    ['old completions', (harbor) => harbor.completions.create({ model: 'm', prompt: 'a' }), 2],
    ['a response on its own', (harbor) => harbor.responses.create({ ...ASK, store: true }), 2],
  ])('%s may be repeated', async (_, call, attempts) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: RESET }] } } })
    const error = await failureOf(call(harborFor(provider)))
    expectAttempts(error, { error: APIConnectionError, attempts, failure: { ambiguous: true } })
    expect(provider.counts().calls).toBe(attempts)
  })

  it('a body that is a stream is never sent twice', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: status(500) }] } } })
    const fetch = harborFetchFor()
    const body = new Blob([JSON.stringify(HELLO)]).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    const response = await fetch(`${provider.baseURL}/chat/completions`, init)
    expect(response.status).toBe(500)
    expect(receiptOf(response)?.attempts).toHaveLength(1)
    expect(provider.requests()).toMatchObject([{ body: HELLO }])
  })
})

describe('Retry-After', () => {
  async function receiptAfter(refusal: Fault, options: object = {}): Promise<Receipt | undefined> {
    const provider = await simulate()
    provider.fail(refusal)
    return receiptOf(await harborFor(provider, options).chat.completions.create(HELLO))
  }

  it.each<[string, Fault, number]>([
    ['retry-after-ms', status(429, { retryAfter: 30 }), 30],
    ['x-ms-retry-after-ms', status(429, { headers: { 'x-ms-retry-after-ms': '30' } }), 30],
    ['retry-after in seconds', status(429, { retryAfter: '0.03' }), 30],
    [
      'retry-after-ms before retry-after',
      status(429, { retryAfter: 30, headers: { 'retry-after': '50' } }),
      30,
    ],
    ['retry-after as a date that has passed', status(429, { retryAfter: { dateInMs: -5_000 } }), 0],
    ['retry-after of 0', status(429, { retryAfter: '0' }), 0],
    ['with a status of failure', status(503, { retryAfter: 30 }), 30],
  ])('%s is waited for', async (_, refusal, askedMs) => {
    const receipt = await receiptAfter(refusal)
    expect(receipt).toMatchObject({
      attempts: [{ failure: { retryAfterMs: askedMs } }, { waitedFor: 'retry-after' }],
    })
    expect(receipt?.waitMs).toBeGreaterThanOrEqual(askedMs)
    expect(receipt?.waitMs).toBe(receipt?.attempts[1]?.waitedMs)
  })

  it('as a date to come is waited for', async () => {
    const receipt = await receiptAfter(status(429, { retryAfter: { dateInMs: 1_300 } }))
    const askedMs = receipt?.attempts[0]?.failure?.retryAfterMs ?? 0
    expect(askedMs).toBeGreaterThan(0)
    expect(receipt).toMatchObject({ attempts: [{}, { waitedFor: 'retry-after' }] })
    expect(receipt?.waitMs).toBeGreaterThanOrEqual(askedMs)
  })

  it.each(['', 'soon', '-1'])('that makes no sense (%j) counts as absent', async (retryAfter) => {
    const receipt = await receiptAfter(status(429, { retryAfter }))
    expect(receipt?.attempts).toMatchObject([
      { failure: { kind: 'rate-limit', retryAfterMs: undefined } },
      { waitedFor: 'backoff' },
    ])
  })

  it('that is absent leaves the wait to the backoff', async () => {
    const receipt = await receiptAfter(status(429), { retry: { ...QUICK, jitter: false } })
    expect(receipt?.attempts[1]).toMatchObject({ waitedFor: 'backoff', waitedMs: 2 })
  })

  it('is that of the failure at hand, not of an earlier one', async () => {
    const provider = await simulate()
    provider.fail(status(429, { retryAfter: 30 }), status(429))
    const receipt = receiptOf(await harborFor(provider).chat.completions.create(HELLO))
    expect(receipt?.attempts.map(({ waitedFor }) => waitedFor)).toEqual(['nothing', 'retry-after', 'backoff'])
  })

  it.each<[string, Fault]>([
    ['in seconds', status(429, { retryAfter: '61' })],
    ['in milliseconds', status(429, { retryAfter: 60_001 })],
    ['as a date', status(429, { retryAfter: { dateInMs: 3_600_000 } })],
  ])('that is too long (%s) is not waited for: the call ends at once with the 429', async (_, refusal) => {
    const provider = await simulate()
    provider.fail(refusal)
    const error = await failureOf(harborFor(provider).chat.completions.create(HELLO))
    expect(error).toBeInstanceOf(RateLimitError)
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', waitMs: 0, attempts: { length: 1 } })
    expect(receiptOf(error)?.attempts[0]?.failure?.retryAfterMs).toBeGreaterThan(60_000)
    expect(provider.counts().calls).toBe(1)
  })

  it.each<[string, Fault, object]>([
    ['asked for', status(429, { retryAfter: 5_000 }), QUICK],
    ['of the backoff', status(500), { baseDelayMs: 5_000, jitter: false }],
  ])('a wait %s that outlasts the deadline is never slept', async (_, refusal, retry) => {
    const provider = await simulate()
    provider.fail(refusal)
    const error = await failureOf(
      harborFor(provider, { retry, timeout: 3_000 }).chat.completions.create(HELLO),
    )
    expect(error).toMatchObject({ status: (refusal as { status: number }).status })
    expect(receiptOf(error)).toMatchObject({ waitMs: 0, attempts: { length: 1 } })
    expect(provider.counts().calls).toBe(1)
  })
})

describe('what the caller gets', () => {
  it.each(CLIENTS)('from Harbor itself says so, and asks not to be repeated ($name)', async ({ make }) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type: 'html-200' } }] } } })
    const { error } = await make(provider).ask('chat', 'm')
    expect(error).toMatchObject({ status: 502, type: 'harbor_error', code: 'malformed_answer' })
    expectNoFalseTimeout(error)
  })

  it('carries what Harbor did, and x-should-retry: false with every failure', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor()
    const ask = (): Promise<Response> =>
      fetch(`${provider.baseURL}/chat/completions`, { method: 'POST', body: JSON.stringify(HELLO) })
    for (const fault of [status(500), { type: 'html-200' }, { type: 'error-200' }] as const) {
      provider.fail(fault, fault, fault)
      const { status: code, headers } = await ask()
      expect(code).toBeGreaterThanOrEqual(500)
      expect(headers.get('x-should-retry')).toBe('false')
      expect(headers.get('x-harbor-attempts')).toBe('3')
      expect(headers.get('x-request-id')).toMatch(/^req_/) // the provider's own headers stay
    }
    const { headers } = await ask()
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-harbor-attempts': '1',
      'x-harbor-target': 'openai/gpt-4',
    })
    expect(headers.get('x-should-retry')).toBeNull()
  })

  it('is the last transport error, with all its causes, when nobody answered', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type: 'reset' } }] } } })
    const error = await failureOf(harborFor(provider).chat.completions.create(HELLO))
    expect(error).toBeInstanceOf(APIConnectionError)
    expect(error).not.toBeInstanceOf(APIConnectionTimeoutError)
    expect(error).toMatchObject({
      cause: { name: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNRESET' } },
    })
  })

  it('is the provider that answered rather than the clock that ran out later', async () => {
    const provider = await simulate()
    provider.fail(status(503), { type: 'hang' }, { type: 'hang' })
    const harbor = harborFor(provider, { timeouts: { attemptMs: 200 } })
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expect(error).toMatchObject({ status: 503 })
    expect(receiptOf(error)).toMatchObject({ possiblyBilled: 2, attempts: { length: 3 } })
  })

  it('is a timeout with its cause when the total ran out', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type: 'hang' } }] } } })
    for (const stream of [false, true]) {
      const harbor = harborFor(provider, { timeout: ATTEMPT_MS })
      const error = await failureOf(harbor.chat.completions.create({ ...HELLO, stream }))
      expectAttempts(error, {
        error: APIConnectionTimeoutError,
        attempts: 1,
        failure: { kind: 'timeout', ambiguous: true },
      })
      expect(error).toMatchObject({ cause: { name: 'TimeoutError', clock: 'total', limitMs: ATTEMPT_MS } })
    }
  })

  it('is a timeout of the first content when a stream brings none', async () => {
    const fault: Fault = { type: 'stream-stall', afterEvents: 1 }
    const provider = await simulate({ providers: { openai: { rules: [{ fault }] } } })
    const harbor = harborFor(provider, { timeouts: { firstTokenMs: ATTEMPT_MS } })
    const error = await failureOf(harbor.chat.completions.create({ ...HELLO, stream: true }))
    expectAttempts(error, {
      error: APIConnectionTimeoutError,
      attempts: 2,
      failure: { kind: 'timeout', ambiguous: true },
    })
    expect(error).toMatchObject({ cause: { clock: 'first-token', limitMs: ATTEMPT_MS } })
  })

  it('is an abort of their own when they aborted: without a receipt, and counted as no failure', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    provider.fail({ type: 'hang' })
    const error = await failureOf(harbor.chat.completions.create(HELLO, { signal: AbortSignal.timeout(20) }))
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError)
    expect(receiptOf(error)).toBeUndefined()
    expect(harbor.stats()).toMatchObject({ calls: 1, failures: {}, availability: 1 })
  })
})

/** A status that says no, for good. */
function refusal(code: number, kind: AttemptFailure['kind'], name?: string): Row {
  return { ...repeated(code, kind, 1, name) }
}

function repeated(code: number, kind: AttemptFailure['kind'], attempts: number, name?: string): Row {
  return {
    what: `answered with ${code}${name === undefined ? '' : ` ${name}`}`,
    fault: status(code, name === undefined ? {} : { code: name }),
    attempts,
    error: ERRORS[code] ?? (code >= 500 ? InternalServerError : APIError),
    facts: { status: code },
    failure: { kind, ...clear },
  }
}

/** Success by its status, and something else by its body. */
function malformed(what: string): Omit<Row, 'fault'> {
  return {
    what: `answered 200 with ${what}`,
    attempts: 3,
    error: InternalServerError,
    facts: { status: 502, code: 'malformed_answer' },
    failure: { kind: 'malformed', code: 'malformed_answer', ...clear },
  }
}

/** An error told under a status of success, at once and inside a stream. */
function told(
  code: string,
  statusMeant: number,
  kind: AttemptFailure['kind'] | undefined,
  attempts: number,
): Row[] {
  const told = JSON.stringify({ error: { code, message: 'No.', type: 'api' } })
  const row = {
    attempts,
    error: ERRORS[statusMeant] ?? InternalServerError,
    facts: { status: statusMeant, code },
  }
  return [
    {
      ...row,
      what: `answered 200 with the error ${code}`,
      fault: { type: 'play-json', body: told },
      failure: { kind: kind ?? 'malformed', code, ...clear },
    },
    {
      ...row,
      what: `a stream that tells ${code} before its first content`,
      fault: { type: 'play', events: [told] },
      only: 'stream',
      failure: { kind: kind ?? 'stream', code, ...clear },
    },
  ]
}

async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('The call succeeded.')
}

function expectAttempts(
  error: unknown,
  expected: { error: Row['error']; attempts: number; failure: Partial<AttemptFailure> },
): void {
  expect(error).toBeInstanceOf(expected.error)
  expect(receiptOf(error)?.attempts.map(({ failure }) => failure)).toEqual(
    Array.from({ length: expected.attempts }, () => expect.objectContaining(expected.failure) as unknown),
  )
}

/** The SDK takes any error with these words for a timeout, so nothing else of ours may contain them. */
function expectNoFalseTimeout(error: unknown): void {
  const { type, message } = error as { type?: string; message?: string }
  if (type === 'harbor_error') expect(message).not.toMatch(/timed? ?out/i)
}
