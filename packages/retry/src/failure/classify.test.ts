import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { retry } from '../retry.ts'
import { classify } from './classify.ts'
import type { Failure } from './failure.ts'

/** Creates an error like those of Node and undici, with a message, a code and further fields. */
const coded = (code: string, facts: object = {}): Error => Object.assign(new Error(code), { code }, facts)
const fetchFailed = (cause?: unknown): TypeError => new TypeError('fetch failed', { cause })

type Row = [what: string, error: unknown, failure: Partial<Failure>]

const notSent = { kind: 'network', retryable: true, ambiguous: false } as const
const cutOff = { kind: 'network', retryable: true, ambiguous: true } as const
const tooSlow = { kind: 'timeout', retryable: true, ambiguous: true } as const
const aborted = { kind: 'aborted', retryable: false, ambiguous: false } as const

describe("classify, for openai's error classes,", () => {
  const apiError = (status: number, error: object, headers: Record<string, string> = {}) =>
    OpenAI.APIError.generate(status, { error }, undefined, new Headers(headers))

  it.each<Row>([
    ['BadRequestError', apiError(400, { code: 'invalid_value' }), { kind: 'bad-request', status: 400 }],
    [
      'a context that is too long',
      apiError(400, { code: 'context_length_exceeded' }),
      { kind: 'context-length' },
    ],
    [
      'AuthenticationError',
      apiError(401, { code: 'invalid_api_key' }),
      { kind: 'auth', code: 'invalid_api_key' },
    ],
    ['PermissionDeniedError', apiError(403, {}), { kind: 'auth', status: 403 }],
    ['NotFoundError', apiError(404, { code: 'model_not_found' }), { kind: 'not-found' }],
    ['ConflictError', apiError(409, {}), { kind: 'conflict', retryable: true }],
    ['UnprocessableEntityError', apiError(422, {}), { kind: 'bad-request' }],
    [
      'RateLimitError',
      apiError(429, { code: 'rate_limit_exceeded' }, { 'retry-after-ms': '1500' }),
      { kind: 'rate-limit', status: 429, retryable: true, retryAfterMs: 1_500 },
    ],
    [
      'RateLimitError of an empty account',
      apiError(429, { code: 'insufficient_quota' }, { 'x-should-retry': 'true' }),
      { kind: 'quota', retryable: false },
    ],
    ['InternalServerError', apiError(500, {}), { kind: 'server', status: 500, retryable: true }],
    [
      'InternalServerError that says no',
      apiError(500, {}, { 'x-should-retry': 'false' }),
      { retryable: false },
    ],
    [
      'an error in a stream',
      new OpenAI.APIError(undefined, { code: 'server_error' }, undefined, new Headers()),
      { kind: 'server' },
    ],
    [
      'an error in a stream that tells nothing',
      new OpenAI.APIError(undefined, {}, 'x', new Headers()),
      { kind: 'stream' },
    ],
    ['APIUserAbortError', new OpenAI.APIUserAbortError(), aborted],
    ['APIConnectionTimeoutError', new OpenAI.APIConnectionTimeoutError(), tooSlow],
    ['APIConnectionError', new OpenAI.APIConnectionError({}), cutOff],
    [
      'APIConnectionError of a refused connection',
      new OpenAI.APIConnectionError({ cause: fetchFailed(coded('ECONNREFUSED')) }),
      { ...notSent, code: 'ECONNREFUSED' },
    ],
    [
      'APIConnectionError of a cut connection',
      new OpenAI.APIConnectionError({ cause: fetchFailed(coded('ECONNRESET')) }),
      { ...cutOff, code: 'ECONNRESET' },
    ],
    [
      'APIConnectionTimeoutError of a connection that took too long',
      Object.assign(new OpenAI.APIConnectionTimeoutError(), {
        cause: fetchFailed(new errors.ConnectTimeoutError()),
      }),
      { ...notSent, code: 'UND_ERR_CONNECT_TIMEOUT' },
    ],
  ])('recognises %s', (_what, error, failure) => {
    expect(classify(error)).toMatchObject(failure)
  })

  it('recognises the classes without their names, which a minifier removes', () => {
    const minified = (error: object): object =>
      Object.setPrototypeOf(error, class e extends Error {}.prototype) as object
    expect(classify(minified(new OpenAI.APIUserAbortError()))).toMatchObject(aborted)
    expect(classify(minified(new OpenAI.APIConnectionTimeoutError()))).toMatchObject(tooSlow)
    expect(classify(minified(new OpenAI.APIConnectionError({})))).toMatchObject(cutOff)
  })
})

describe('classify, for transport errors,', () => {
  it.each(
    'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH UND_ERR_CONNECT_TIMEOUT UND_ERR_CLOSED UND_ERR_PRX_TLS EPROTO ERR_TLS_CERT_ALTNAME_INVALID CERT_HAS_EXPIRED DEPTH_ZERO_SELF_SIGNED_CERT UNABLE_TO_VERIFY_LEAF_SIGNATURE ERR_SSL_WRONG_VERSION_NUMBER'.split(
      ' ',
    ),
  )('reports that nothing was sent with %s', (code) => {
    expect(classify(coded(code))).toEqual({ ...notSent, code })
  })

  it.each(
    'ECONNRESET EPIPE UND_ERR_SOCKET UND_ERR_DESTROYED HPE_INVALID_CONSTANT ERR_HTTP2_STREAM_ERROR'.split(
      ' ',
    ),
  )('reports that the request may have been carried out with %s', (code) => {
    expect(classify(coded(code))).toEqual({ ...cutOff, code })
  })

  it.each('UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT ETIMEDOUT ESOCKETTIMEDOUT'.split(' '))(
    'reports %s as a timeout',
    (code) => {
      expect(classify(coded(code))).toEqual({ ...tooSlow, code })
    },
  )

  it.each<Row>([
    [
      'a connection that timed out',
      coded('ETIMEDOUT', { message: 'connect ETIMEDOUT 10.0.0.1:443' }),
      notSent,
    ],
    [
      'a handshake that was cut off',
      coded('ECONNRESET', {
        message: 'Client network socket disconnected before secure TLS connection was established',
      }),
      notSent,
    ],
    ["undici's SocketError", new errors.SocketError('other side closed'), cutOff],
    ["undici's HeadersTimeoutError", new errors.HeadersTimeoutError(), tooSlow],
    ["undici's BodyTimeoutError", new errors.BodyTimeoutError(), tooSlow],
    ["undici's RequestAbortedError", new errors.RequestAbortedError(), aborted],
    ["undici's ResponseError", new errors.ResponseError('x', 503, {}), { kind: 'server', status: 503 }],
    [
      "undici's InvalidArgumentError",
      new errors.InvalidArgumentError(),
      { kind: 'unknown', retryable: false },
    ],
    ['a failed fetch', fetchFailed(), cutOff],
    ['a failed fetch with a cause', fetchFailed(coded('ENOTFOUND')), notSent],
    [
      'a failed fetch of an address that is none',
      fetchFailed(coded('ERR_INVALID_URL')),
      { retryable: false },
    ],
    ['a body that was cut', new TypeError('terminated', { cause: new errors.SocketError() }), cutOff],
    ['a failed fetch in Chrome', new TypeError('Failed to fetch'), cutOff],
    ['a failed fetch in Firefox', new TypeError('NetworkError when attempting to fetch resource.'), cutOff],
    ['a failed fetch in Safari', new TypeError('Load failed'), cutOff],
    ['a failed fetch in older Deno', new TypeError('error sending request for url (https://a/)'), cutOff],
    ['a body cut off in Deno', new TypeError('error reading a body from connection'), cutOff],
    [
      'a failed fetch in Bun',
      Object.assign(new TypeError('Unable to connect'), { code: 'ECONNRESET' }),
      cutOff,
    ],
  ])('recognises %s', (_what, error, failure) => {
    expect(classify(error)).toMatchObject(failure)
  })

  it('recognises a refused connection of a real fetch', async () => {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const error: unknown = await fetch(`http://localhost:${port}`).catch((reason: unknown) => reason)
    expect(classify(error)).toEqual({ ...notSent, code: 'ECONNREFUSED' })
  })
})

describe('classify, for aborts and timeouts,', () => {
  it.each<Row>([
    ['an abort', AbortSignal.abort().reason, aborted],
    ['an AbortError', new DOMException('x', 'AbortError'), aborted],
    ["Node's AbortError", coded('ABORT_ERR'), aborted],
    ['a failed fetch because of an abort', fetchFailed(new DOMException('x', 'AbortError')), aborted],
    ['a TimeoutError', new DOMException('x', 'TimeoutError'), tooSlow],
    [
      'a TimeoutError inside',
      new Error('wrapped', { cause: new DOMException('x', 'TimeoutError') }),
      tooSlow,
    ],
  ])('recognises %s', (_what, error, failure) => {
    expect(classify(error)).toMatchObject(failure)
  })

  it('ignores the numeric code of a DOMException', () => {
    expect(classify(new DOMException('x', 'AbortError')).code).toBe(undefined)
    expect(classify(Object.assign(new Error('x'), { code: 20 }))).toEqual({
      kind: 'unknown',
      retryable: true,
      ambiguous: false,
    })
  })
})

describe("classify, for Harbor's own refusals,", () => {
  it.each(['breaker_open', 'local_rate_limit', 'queue_full', 'spend_limit'])(
    'reports %s as not retryable',
    (code) => {
      expect(classify(coded(code, { retryAfterMs: 900 }))).toEqual({
        kind: 'refused',
        code,
        retryable: false,
        ambiguous: false,
        retryAfterMs: 900,
      })
    },
  )

  it.each(['BreakerOpenError', 'PoolQueueFullError'])('reports a %s as not retryable', (name) => {
    expect(classify(Object.assign(new Error('x'), { name, retryAfterMs: 900 }))).toMatchObject({
      kind: 'refused',
      retryable: false,
      retryAfterMs: 900,
    })
  })
})

describe('classify, for the HTTP errors of any client,', () => {
  it.each<Row>([
    [
      'a Response',
      new Response('', { status: 503, headers: { 'retry-after': '1' } }),
      { kind: 'server', retryAfterMs: 1_000, code: undefined },
    ],
    [
      'a status and headers',
      { status: 429, headers: { 'retry-after': '1' } },
      { kind: 'rate-limit', retryAfterMs: 1_000 },
    ],
    ['a statusCode', { statusCode: 404 }, { kind: 'not-found', status: 404 }],
    [
      'an APICallError of the AI SDK',
      {
        statusCode: 429,
        responseHeaders: { 'retry-after': '1' },
        data: { error: { code: 'insufficient_quota' } },
      },
      { kind: 'quota' },
    ],
    [
      'an AxiosError',
      coded('ERR_BAD_REQUEST', {
        response: { status: 400, data: { error: { code: 'context_length_exceeded' } }, headers: {} },
      }),
      { kind: 'context-length', status: 400 },
    ],
    [
      'an HTTPError of got',
      coded('ERR_NON_2XX_3XX_RESPONSE', {
        name: 'HTTPError',
        response: {
          statusCode: 503,
          headers: { 'retry-after': '2' },
          body: { error: { code: 'overloaded_error' } },
        },
      }),
      { kind: 'overloaded', status: 503, retryable: true, retryAfterMs: 2_000 },
    ],
    [
      'an HTTPError of got, whose body is text',
      coded('ERR_NON_2XX_3XX_RESPONSE', { response: { statusCode: 404, headers: {}, body: 'no' } }),
      { kind: 'not-found', status: 404, retryable: false },
    ],
    [
      'an exception of the AWS SDK',
      Object.assign(new Error('Too many requests'), {
        name: 'ThrottlingException',
        $fault: 'client',
        $metadata: { httpStatusCode: 429, requestId: 'a', attempts: 1 },
        $response: { statusCode: 429, headers: { 'retry-after': '1' } },
      }),
      { kind: 'rate-limit', status: 429, retryable: true, retryAfterMs: 1_000 },
    ],
    [
      'an exception of the AWS SDK that is final',
      Object.assign(new Error('no'), { name: 'ValidationException', $metadata: { httpStatusCode: 400 } }),
      { kind: 'bad-request', retryable: false },
    ],
    [
      'an exception of the AWS SDK without an answer',
      coded('ECONNREFUSED', { $metadata: { attempts: 1 } }),
      notSent,
    ],
    [
      'an error of Anthropic',
      { status: 529, error: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } },
      { kind: 'overloaded', code: 'overloaded_error' },
    ],
    [
      'an answer as the cause',
      new Error('wrapped', { cause: { status: 401 } }),
      { kind: 'auth', status: 401 },
    ],
  ])('recognises %s', (_what, error, failure) => {
    expect(classify(error)).toMatchObject(failure)
  })
})

describe('classify, for any other value,', () => {
  const unrecognised = { kind: 'unknown', retryable: true, ambiguous: false } as const

  it.each([
    ['an Error', new Error('x')],
    ['undefined', undefined],
    ['null', null],
    ['a string', 'x'],
    ['a number', 503],
    ['an object', {}],
    ['an object without a prototype', Object.create(null)],
    ['a status that is none', { status: 7 }],
    ['a status that is a word', { status: 'rejected' }],
    ['a code that is unknown', coded('E_OF_MY_OWN')],
  ])('reports %s as retryable', (_what, error) => {
    expect(classify(error)).toEqual(unrecognised)
  })

  it.each([
    new TypeError('x'),
    new RangeError('x'),
    new SyntaxError('x'),
    new ReferenceError('x'),
    new URIError('x'),
  ])('reports a programming error as not retryable: %o', (error) => {
    expect(classify(error)).toEqual({ ...unrecognised, retryable: false })
  })

  it('ends when the chain of causes is circular', () => {
    const first = new Error('first')
    first.cause = new Error('second', { cause: first })
    expect(classify(first)).toEqual(unrecognised)
  })
})

describe('an error with a property that throws when it is read', () => {
  const throwing = (name: string): Error =>
    Object.defineProperty(new Error('real'), name, {
      get: () => {
        throw new Error('getter')
      },
    })

  it.each(['status', 'code', 'name', 'message', 'cause', 'response', 'headers', 'constructor'])(
    'is classified without its %s',
    (name) => {
      expect(classify(throwing(name))).toMatchObject({ kind: 'unknown', retryable: true })
    },
  )

  it.each(['status', 'message', 'cause'])('is retried, and thrown as it is: %s', async (name) => {
    const error = throwing(name)
    let calls = 0
    const run = retry(
      () => {
        calls++
        throw error
      },
      { maxAttempts: 2, baseDelayMs: 0 },
    )
    await expect(run.catch((thrown: unknown) => thrown === error)).resolves.toBe(true)
    expect(calls).toBe(2)
  })
})
