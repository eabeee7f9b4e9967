import Anthropic, {
  ContentTooLargeError,
  GatewayTimeoutError,
  OverloadedError,
  PaymentRequiredError,
} from '@anthropic-ai/sdk'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { consecutive, type HarborFetchOptions } from '../src/index.ts'
import {
  anthropicOver,
  errorEvent,
  EVENTS,
  MESSAGE,
  onWire,
  QUESTION,
  readStream,
  sendStream,
} from './helpers/anthropic.ts'
import { sendJson, serve } from './helpers/http-server.ts'

interface Row {
  readonly what: string
  readonly status: number
  readonly type: string
  readonly code?: string
  readonly message?: string
  readonly headers?: Record<string, string>
  /** Requests sent, of at most three. */
  readonly requests: number
  readonly error: abstract new (...facts: never[]) => Error
  readonly kind: string
}

const ROWS: readonly Row[] = [
  {
    what: 'an invalid request',
    status: 400,
    type: 'invalid_request_error',
    requests: 1,
    error: Anthropic.BadRequestError,
    kind: 'bad-request',
  },
  {
    what: 'a prompt that is too long',
    status: 400,
    type: 'invalid_request_error',
    message: 'prompt is too long: 210000 tokens > 200000 maximum',
    requests: 1,
    error: Anthropic.BadRequestError,
    kind: 'context-length',
  },
  {
    what: 'an output limit that does not fit beside the prompt',
    status: 400,
    type: 'invalid_request_error',
    message: 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    requests: 1,
    error: Anthropic.BadRequestError,
    kind: 'context-length',
  },
  {
    what: 'a spend limit that the customer set',
    status: 400,
    type: 'invalid_request_error',
    message:
      'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    requests: 1,
    error: Anthropic.BadRequestError,
    kind: 'quota',
  },
  {
    what: 'a spend limit of the workspace',
    status: 400,
    type: 'invalid_request_error',
    message:
      'You have reached your specified workspace API usage limits. You will regain access on 2026-12-01.',
    requests: 1,
    error: Anthropic.BadRequestError,
    kind: 'quota',
  },
  {
    what: 'an empty balance',
    status: 400,
    type: 'invalid_request_error',
    message: 'Your credit balance is too low to access the Anthropic API.',
    requests: 1,
    error: Anthropic.BadRequestError,
    kind: 'quota',
  },
  {
    what: 'an unknown key',
    status: 401,
    type: 'authentication_error',
    requests: 1,
    error: Anthropic.AuthenticationError,
    kind: 'auth',
  },
  {
    what: 'an unpaid bill',
    status: 402,
    type: 'billing_error',
    requests: 1,
    error: PaymentRequiredError,
    kind: 'quota',
  },
  {
    what: 'a missing permission',
    status: 403,
    type: 'permission_error',
    requests: 1,
    error: Anthropic.PermissionDeniedError,
    kind: 'auth',
  },
  {
    what: 'an unknown model',
    status: 404,
    type: 'not_found_error',
    requests: 1,
    error: Anthropic.NotFoundError,
    kind: 'not-found',
  },
  {
    what: 'a conflict',
    status: 409,
    type: 'conflict_error',
    requests: 2,
    error: Anthropic.ConflictError,
    kind: 'conflict',
  },
  {
    what: 'a request that is too large',
    status: 413,
    type: 'request_too_large',
    message: 'Request exceeds the maximum size',
    requests: 1,
    error: ContentTooLargeError,
    kind: 'context-length',
  },
  {
    what: 'a rate limit',
    status: 429,
    type: 'rate_limit_error',
    headers: { 'retry-after': '0' },
    requests: 3,
    error: Anthropic.RateLimitError,
    kind: 'rate-limit',
  },
  {
    what: 'a limit of the growth',
    status: 429,
    type: 'rate_limit_error',
    code: 'ramp_limit_exceeded',
    headers: { 'retry-after': '0' },
    requests: 3,
    error: Anthropic.RateLimitError,
    kind: 'rate-limit',
  },
  ...[
    'enforced_spend_limit_reached',
    'contract_spend_limit_reached',
    'linked_organization_spend_limit_reached',
    'monthly_spending_cap_hit',
    'billing_suspended',
  ].map((code): Row => ({
    what: code,
    status: 429,
    type: 'rate_limit_error',
    code,
    requests: 1,
    error: Anthropic.RateLimitError,
    kind: 'quota',
  })),
  {
    what: 'a spend limit that asks for a retry',
    status: 429,
    type: 'rate_limit_error',
    code: 'enforced_spend_limit_reached',
    headers: { 'x-should-retry': 'true' },
    requests: 1,
    error: Anthropic.RateLimitError,
    kind: 'quota',
  },
  {
    what: 'a rate limit that forbids a retry',
    status: 429,
    type: 'rate_limit_error',
    headers: { 'x-should-retry': 'false' },
    requests: 1,
    error: Anthropic.RateLimitError,
    kind: 'rate-limit',
  },
  {
    what: 'an internal error',
    status: 500,
    type: 'api_error',
    requests: 3,
    error: Anthropic.InternalServerError,
    kind: 'server',
  },
  {
    what: 'a timeout',
    status: 504,
    type: 'timeout_error',
    requests: 3,
    error: GatewayTimeoutError,
    kind: 'server',
  },
  {
    what: 'an overload',
    status: 529,
    type: 'overloaded_error',
    requests: 3,
    error: OverloadedError,
    kind: 'overloaded',
  },
]

function bodyOf({ type, code, message = 'No.' }: Row): object {
  const details = code === undefined ? {} : { details: { error_code: code } }
  return { type: 'error', error: { type, message, ...details }, request_id: 'req_1' }
}

async function caught(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A client whose every request gets this answer. */
async function always(answer: (response: ServerResponse) => void, options: HarborFetchOptions = {}) {
  const { origin, requests } = await serve((_request, response) => answer(response))
  return { ...anthropicOver(origin, { maxRetries: 2, ...options }), requests }
}

describe('an error of the Messages API', () => {
  it.each(ROWS)('is the error of the SDK, after as many requests as can help: $what', async (row) => {
    const { status, headers, requests: expected, kind, code = null } = row
    const { client, requests, last } = await always((response) => {
      response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_1', ...headers })
      response.end(JSON.stringify(bodyOf(row)))
    })
    const error = await caught(client.messages.create(QUESTION))
    expect(requests).toHaveLength(expected)
    expect(error).toBeInstanceOf(row.error)
    expect(error).toMatchObject({ status, type: row.type, errorCode: code, requestID: 'req_1' })
    expect(last()?.attempts.at(-1)).toMatchObject({
      status,
      requestId: 'req_1',
      failure: { kind, ambiguous: false },
    })
  })

  it.each(ROWS.filter(({ headers, message }) => !headers && !message))(
    'means inside a stream what it means under its own status: $what',
    async (row) => {
      const { requests: expected, kind, code = null, status } = row
      const event = JSON.stringify(bodyOf(row))
      const over = await always((response) => void sendStream(response, onWire([EVENTS[0] ?? '', event])))
      const { error, receipt } = await readStream(over)
      expect(over.requests).toHaveLength(expected)
      expect(error).toMatchObject({ status, type: row.type, errorCode: code })
      expect(receipt?.attempts.at(-1)?.failure).toMatchObject({ kind })
    },
  )

  it('is an error also under a status of success', async () => {
    const { client, requests } = await always((response) =>
      sendJson(response, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    )
    const error = await caught(client.messages.create(QUESTION))
    expect(error).toBeInstanceOf(Anthropic.InternalServerError)
    expect(error).toMatchObject({ status: 529, type: 'overloaded_error', apiMessage: 'Overloaded' })
    expect(requests).toHaveLength(3)
  })

  it.each([
    ['a page', '<html>Bad gateway</html>'],
    ['an object that is no message', '{"ok":true}'],
    ['a message without content or stop reason', '{"type":"message","content":[],"stop_reason":null}'],
    ['nothing', ''],
  ])('is raised for an answer that is %s', async (_, body) => {
    const { client } = await always((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
    const error = await caught(client.messages.create(QUESTION))
    expect(error).toBeInstanceOf(Anthropic.InternalServerError)
    expect(error).toMatchObject({ status: 502, type: 'api_error', errorCode: 'malformed_answer' })
  })

  it('lets the next credential take over after a spend limit, and passes over the first one from then on', async () => {
    const spare = await serve((_request, response) => sendJson(response, MESSAGE))
    const spent = bodyOf({ type: 'rate_limit_error', code: 'enforced_spend_limit_reached' } as Row)
    const { client, requests } = await always((response) => sendJson(response, spent, 429), {
      providers: { spare: { kind: 'anthropic', apiKey: 'k2', baseURL: spare.origin } },
      fallback: { 'claude-sonnet-4-6': ['spare/claude-sonnet-4-6'] },
    })
    for (let call = 0; call < 3; call++)
      expect(await client.messages.create(QUESTION)).toMatchObject({ stop_reason: 'end_turn' })
    expect(requests).toHaveLength(1)
    expect(spare.requests).toHaveLength(3)
    expect(spare.requests[0]).toMatchObject({
      path: '/v1/messages',
      headers: { 'x-api-key': 'k2', 'anthropic-version': '2026-10-21' },
    })
    expect(spare.requests[0]?.headers.authorization).toBeUndefined()
  })
})

describe('an error that Harbor makes for the Anthropic SDK', () => {
  it('says that the circuit is open', async () => {
    const { client } = await always((response) => sendJson(response, bodyOf(ROWS[0] as Row), 500), {
      maxRetries: 0,
      breaker: { trip: consecutive(1) },
    })
    await caught(client.messages.create(QUESTION))
    const error = await caught(client.messages.create(QUESTION))
    expect(error).toBeInstanceOf(Anthropic.InternalServerError)
    expect(error).toMatchObject({ status: 503, type: 'api_error', errorCode: 'breaker_open' })
  })

  it('says that the spend limit is reached', async () => {
    const { client, requests } = await always((response) => sendJson(response, MESSAGE), {
      spendLimit: { usd: 0.000_001, per: 'hour' },
    })
    const error = await caught(client.messages.create(QUESTION))
    expect(error).toMatchObject({ status: 402, type: 'billing_error', errorCode: 'spend_limit' })
    expect(requests).toHaveLength(0)
  })

  it('says that the rate limit leaves no room', async () => {
    const { client } = await always((response) => sendJson(response, MESSAGE), {
      limits: { requestsPerMinute: 1, safety: 1 },
      timeout: 500,
    })
    await client.messages.create(QUESTION)
    const error = await caught(client.messages.create(QUESTION))
    expect(error).toBeInstanceOf(Anthropic.RateLimitError)
    expect(error).toMatchObject({ status: 429, type: 'rate_limit_error', errorCode: 'local_rate_limit' })
  })

  it('says that a stream stalled, after its content', async () => {
    const over = await always(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(onWire(EVENTS).slice(0, 5).join(''))
      },
      { timeouts: { idleMs: 30 } },
    )
    const { text, error } = await readStream(over)
    expect(text).toBe('Hello there')
    expect(error).toMatchObject({ type: 'api_error', errorCode: 'stream_stalled' })
  })

  it('is a timeout of the SDK when no answer came in time', async () => {
    const { client, requests } = await always(() => undefined, { timeouts: { attemptMs: 30 } })
    const error = await caught(client.messages.create(QUESTION))
    expect(error).toBeInstanceOf(Anthropic.APIConnectionTimeoutError)
    // It may have been carried out, so it is repeated once.
    expect(requests).toHaveLength(2)
  })

  it('replaces an error event that the SDK would not recognise', async () => {
    const fault = errorEvent('overloaded_error', 'Busy', { error_code: 'busy_now' })
    const over = await always(
      (response) =>
        void sendStream(response, [...onWire(EVENTS.slice(0, 5)), `event: message\ndata: ${fault}\n\n`], {
          apart: 4,
        }),
    )
    const { text, error } = await readStream(over)
    expect(text).toBe('Hello there')
    expect(error).toMatchObject({ type: 'overloaded_error', errorCode: 'busy_now', apiMessage: 'Busy' })
  })
})
