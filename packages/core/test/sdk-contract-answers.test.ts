import { createRequire } from 'node:module'
import type { APIPromise, OpenAI } from 'openai'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  bareClient,
  COMPLETION,
  json,
  refusal,
  rejection,
  REQUEST,
  scripted,
  SDKS,
  type Sdk,
} from './helpers/sdk-versions.ts'

// What Harbor takes for granted about what the SDK makes of an answer, held against both ends of the supported range.

afterEach(() => {
  vi.useRealTimers()
})

describe.each(SDKS)('openai $version: what becomes of what fetch throws', ({ sdk }) => {
  const failing = (error: Error): OpenAI =>
    bareClient(
      sdk,
      scripted(() => Promise.reject(error)),
    )

  it('raises APIConnectionError, with what fetch threw as its cause', async () => {
    const cause = new Error('ECONNREFUSED')
    const error = await rejection(failing(cause).models.list())
    expect(error).toBeInstanceOf(sdk.APIConnectionError)
    expect(error).not.toBeInstanceOf(sdk.APIConnectionTimeoutError)
    expect(error).toHaveProperty('cause', cause)
  })

  const TIMEOUTS: [what: string, cause: Error][] = [
    ['an AbortError', new DOMException('This operation was aborted', 'AbortError')],
    ['a message that says "timed out"', new Error('Request timed out: 5 ms.')],
    ['a message that says "timeout"', new Error('Headers Timeout Error')],
    ['a cause that says "time out"', new Error('fetch failed', { cause: new Error('connect time out') })],
  ]
  it.each(TIMEOUTS)('takes %s for a timeout: APIConnectionTimeoutError, with its cause', async (_, cause) => {
    const error = await rejection(failing(cause).models.list())
    expect(error).toBeInstanceOf(sdk.APIConnectionTimeoutError)
    expect(error).toHaveProperty('cause', cause)
  })

  it('raises APIUserAbortError once the signal of the caller is aborted, whatever fetch throws', async () => {
    const controller = new AbortController()
    const fetch = scripted(() => {
      controller.abort()
      throw new Error('something else')
    })
    const error = await rejection(bareClient(sdk, fetch).models.list({ signal: controller.signal }))
    expect(error).toBeInstanceOf(sdk.APIUserAbortError)
  })

  it('aborts the signal in init, not that of the caller, when its own timer runs out', async () => {
    vi.useFakeTimers()
    const { signal } = new AbortController()
    let inner: AbortSignal | null | undefined
    const silence = scripted(({ signal: own }) => {
      inner = own
      return new Promise((_, reject) => {
        own?.addEventListener('abort', () => {
          reject(own.reason as Error)
        })
      })
    })
    const error = rejection(bareClient(sdk, silence).models.list({ signal, timeout: 1_000 }))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await error).toBeInstanceOf(sdk.APIConnectionTimeoutError)
    expect(inner?.aborted).toBe(true)
    expect(signal.aborted).toBe(false)
  })
})

describe.each(SDKS)('openai $version: what becomes of an answer', ({ sdk }) => {
  const STATUSES: [status: number, code: string, name: keyof Sdk & `${string}Error`][] = [
    [400, 'context_length_exceeded', 'BadRequestError'],
    [401, 'invalid_api_key', 'AuthenticationError'],
    [402, 'spend_limit', 'APIError'],
    [403, 'forbidden', 'PermissionDeniedError'],
    [404, 'model_not_found', 'NotFoundError'],
    [409, 'conflict', 'ConflictError'],
    [422, 'unprocessable', 'UnprocessableEntityError'],
    [429, 'local_rate_limit', 'RateLimitError'],
    [429, 'queue_full', 'RateLimitError'],
    [502, 'malformed_answer', 'InternalServerError'],
    [503, 'breaker_open', 'InternalServerError'],
  ]
  it.each(STATUSES)('raises its typed error for %i %s, with status and code', async (status, code, name) => {
    const error = await rejection(bareClient(sdk, scripted(refusal(status, code))).models.list())
    expect(error).toBeInstanceOf(sdk[name])
    expect(error).toMatchObject({ status, code, type: 'some_error' })
  })

  it("gives an API error the response's own Headers object", async () => {
    const response = refusal(400, 'bad')()
    const error = await rejection(
      bareClient(
        sdk,
        scripted(() => response),
      ).models.list(),
    )
    expect((error as InstanceType<Sdk['APIError']>).headers).toBe(response.headers)
  })

  it('reads an answer with response.text()', async () => {
    const response = json(COMPLETION)()
    const read = vi.spyOn(response, 'text')
    const alternatives = [vi.spyOn(response, 'json'), vi.spyOn(response, 'arrayBuffer')]
    await bareClient(
      sdk,
      scripted(() => response),
    ).chat.completions.create(REQUEST)
    expect(read).toHaveBeenCalledTimes(1)
    for (const other of alternatives) expect(other).not.toHaveBeenCalled()
  })

  it('returns a 200 with an error in it as the result', async () => {
    const result = await bareClient(
      sdk,
      scripted(json({ error: { code: 'overloaded' } })),
    ).chat.completions.create(REQUEST)
    expect(result).toEqual({ error: { code: 'overloaded' } })
  })

  it('requests embeddings as base64 and decodes them, unless the caller sets a format', async () => {
    const embedding = Buffer.from(new Float32Array([0.5, -1]).buffer).toString('base64')
    const fetch = scripted(json({ data: [{ embedding }] }))
    const request = { model: 'text-embedding-3-small', input: 'Hi' }
    const result = await bareClient(sdk, fetch).embeddings.create(request)
    expect(JSON.parse(fetch.calls[0]?.init.body as string)).toEqual({ ...request, encoding_format: 'base64' })
    expect(result.data[0]?.embedding).toEqual([0.5, -1])
  })

  const COPIES: [helper: string, call: (client: OpenAI) => Promise<unknown>, answer: object][] = [
    ['chat.completions.parse', (client) => client.chat.completions.parse(REQUEST), COMPLETION],
    [
      'responses.parse',
      (client) => client.responses.parse({ model: 'gpt-4', input: 'Hi' }),
      { id: 'resp_1', object: 'response', output: [] },
    ],
  ]
  it.each(COPIES)(
    '%s returns a copy, made through _thenUnwrap of the promise of request',
    async (_, call, answer) => {
      const steps: { value: unknown; made: unknown }[] = []
      function watch<Result>(promise: APIPromise<Result>): APIPromise<Result> {
        const unwrap = promise._thenUnwrap.bind(promise)
        promise._thenUnwrap = <Made>(transform: Parameters<typeof unwrap<Made>>[0]) =>
          watch(
            unwrap((value, props) => {
              const made = transform(value, props)
              steps.push({ value, made })
              return made
            }),
          )
        return promise
      }
      const client = bareClient(sdk, scripted(json(answer)))
      const request = client.request.bind(client)
      client.request = (...given) => watch(request(...given))
      const result = await call(client)
      expect(steps.at(-1)?.made).toBe(result)
      expect(steps.at(-1)?.value).not.toBe(result)
    },
  )
})

describe.each(SDKS)('openai $version: retries of its own', ({ sdk }) => {
  it('are not off with maxRetries: 0 in the constructor, since a call may ask for them again', async () => {
    const fetch = scripted(refusal(500, 'x', { 'retry-after-ms': '0' }), json(COMPLETION))
    const client = bareClient(sdk, fetch, { maxRetries: 0 })
    await client.chat.completions.create(REQUEST, { maxRetries: 1 })
    expect(fetch.calls).toHaveLength(2)
  })

  it('are handed on by withOptions, and so is the fetch that was given', () => {
    const fetch = scripted(json(COMPLETION))
    const copy = bareClient(sdk, fetch).withOptions({ timeout: 5_000 })
    expect(copy.maxRetries).toBe(0)
    expect(copy).toHaveProperty('fetch', fetch)
  })

  it.each([
    ['x-should-retry: true, whatever the status', 400, 'true', 2],
    ['x-should-retry: false, whatever the status', 500, 'false', 1],
  ])('obey %s', async (_, status, value, calls) => {
    const headers = { 'x-should-retry': value, 'retry-after-ms': '0' }
    const fetch = scripted(refusal(status, 'x', headers), json(COMPLETION))
    await rejection(bareClient(sdk, fetch, { maxRetries: 1 }).chat.completions.create(REQUEST))
    expect(fetch.calls).toHaveLength(calls)
  })

  it('repeat insufficient_quota, which no wait can cure', async () => {
    const fetch = scripted(refusal(429, 'insufficient_quota', { 'retry-after-ms': '0' }), json(COMPLETION))
    await bareClient(sdk, fetch, { maxRetries: 1 }).chat.completions.create(REQUEST)
    expect(fetch.calls).toHaveLength(2)
  })

  it('ignore a Retry-After above a minute, and come back after half a second', async () => {
    vi.useFakeTimers()
    const fetch = scripted(refusal(429, 'x', { 'retry-after': '61' }), json(COMPLETION))
    const answer = bareClient(sdk, fetch, { maxRetries: 1 }).chat.completions.create(REQUEST)
    const settled = rejection(answer)
    await vi.advanceTimersByTimeAsync(374)
    expect(fetch.calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(126)
    expect(fetch.calls).toHaveLength(2)
    await settled
  })
})

describe.each(SDKS)('openai $version: its two copies', ({ sdk, version }) => {
  it('have separate error classes, which instanceof distinguishes', () => {
    const name = version === SDKS[0]?.version ? 'openai-lowest' : 'openai'
    const common = createRequire(import.meta.url)(name) as Sdk
    expect(common.RateLimitError).not.toBe(sdk.RateLimitError)
    const error = new common.RateLimitError(429, {}, 'No.', new Headers())
    expect(error).not.toBeInstanceOf(sdk.APIError)
  })
})
