import { createPool } from '@harbor/pool'
import type { Fault, SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type Harbor } from '../src/index.ts'
import { expectAttempts, failureOf, status } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const clear = { ambiguous: false } as const
const { APIConnectionError, InternalServerError, RateLimitError } = OpenAI

describe('the retry policy for a request that was not sent', () => {
  it.each([
    ['TLS spoken to a server without it', { scheme: 'https' }],
    ['a name that does not resolve', { host: 'no-such-host.invalid' }],
  ])(
    'retries after %s',
    async (_, { scheme = 'http', host = '127.0.0.1' }: { scheme?: string; host?: string }) => {
      const provider = await simulate()
      const harbor = harborFor(provider, { baseURL: `${scheme}://${host}:${provider.port}/v1` })
      expectAttempts(await failureOf(harbor.chat.completions.create(HELLO)), {
        error: APIConnectionError,
        attempts: 3,
        failure: { kind: 'network', ambiguous: false },
      })
    },
  )

  it('retries a connection that is not established in time', async () => {
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

  it.each([
    ['of no known kind', new Error('strange')],
    ['of another runtime', new TypeError('error sending request for url (https://a.example/v1)')],
    ['that is no Error', 'strange'],
  ])(
    'retries an error %s once, since it may have been sent, and goes on to the next target',
    async (_, strange) => {
      const provider = await simulate()
      const fetch = () => Promise.reject(strange)
      const error = await failureOf(harborFor(provider, { fetch }).chat.completions.create(HELLO))
      expectAttempts(error, {
        error: APIConnectionError,
        attempts: 2,
        failure: { kind: 'network', ambiguous: true },
      })
      const providers = { spare: { apiKey: 'key', baseURL: provider.baseURL, fetch: globalThis.fetch } }
      const harbor = harborFor(provider, { fetch, providers, fallback: ['spare/gpt-4'] })
      expect(receiptOf(await harbor.chat.completions.create(HELLO))).toMatchObject({ target: 'spare/gpt-4' })
    },
  )

  it('does not retry a programming error of a fetch', async () => {
    const provider = await simulate()
    const wrong = new TypeError("Cannot read properties of undefined (reading 'x')")
    const harbor = harborFor(provider, { fetch: () => Promise.reject(wrong) })
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expectAttempts(error, { error: APIConnectionError, attempts: 1, failure: { kind: 'unknown' } })
    expect(error).toMatchObject({ cause: wrong })
  })
})

describe('a request that the pool refuses', () => {
  it.each([
    ['queue_full', { connections: 1, maxQueued: 1 }, RateLimitError, { status: 429, code: 'queue_full' }],
    [
      'queue_timeout',
      { connections: 1, queueTimeoutMs: 30 },
      APIConnectionError,
      { cause: { code: 'queue_timeout' } },
    ],
  ] as const)(
    'was not sent, and is neither retried nor billed: %s',
    async (code, pool, errorClass, facts) => {
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
    },
  )

  it('was not sent, and is neither retried nor billed: pool_closed', async () => {
    const pool = createPool()
    const harbor = harborFor(await simulate(), { pool })
    await pool.close()
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expectAttempts(error, { error: APIConnectionError, attempts: 1, failure: { kind: 'refused' } })
  })
})

describe('the limit of retries', () => {
  async function play(...faults: (Fault | 'ok')[]): Promise<{ error: unknown; provider: SimulatedProvider }> {
    const provider = await simulate()
    provider.fail(...faults)
    const harbor = harborFor(provider, { maxRetries: 9 })
    return { error: await failureOf(harbor.chat.completions.create(HELLO)), provider }
  }

  it('is one for ambiguous failures of a call, whatever failed in between', async () => {
    const { error, provider } = await play({ type: 'reset' }, status(500), { type: 'reset' })
    expect(provider.counts().calls).toBe(3)
    expect(receiptOf(error)).toMatchObject({ possiblyBilled: 2 })
    expect(error).toMatchObject({ status: 500 }) // the answer says more than the reset after it
  })

  it('is one for conflicts of a call, whatever failed in between', async () => {
    const { error, provider } = await play(status(409), status(500), status(409))
    expect(provider.counts().calls).toBe(3)
    expect(error).toBeInstanceOf(OpenAI.ConflictError)
  })
})

describe('an operation that may change something at the provider', () => {
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
    ['an unknown endpoint', (harbor) => harbor.post('/frobnicate', { body: {} })],
  ]

  it.each(CALLS)('is not retried after a connection that broke: %s', async (_, call) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: RESET }] } } })
    const error = await failureOf(call(harborFor(provider)))
    expectAttempts(error, {
      error: APIConnectionError,
      attempts: 1,
      failure: { kind: 'network', ambiguous: true },
    })
    expect(provider.counts().calls).toBe(1)
  })

  it.each(CALLS)('is retried after a refusal, which leaves no doubt: %s', async (_, call) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: status(500) }] } } })
    const error = await failureOf(call(harborFor(provider)))
    expectAttempts(error, { error: InternalServerError, attempts: 3, failure: { kind: 'server' } })
    expect(provider.counts().calls).toBe(3)
    const lengths = provider.requests().map(({ headers }) => headers['content-length'])
    expect(new Set(lengths).size).toBe(1) // every time the whole body
  })

  it.each<[string, (harbor: Harbor) => PromiseLike<unknown>, number]>([
    ['a read', (harbor) => harbor.models.retrieve('gpt-4'), 3],
    ['a list', (harbor) => harbor.models.list(), 3],
    ['embeddings', (harbor) => harbor.embeddings.create({ model: 'm', input: 'a' }), 2],
    ['old completions', (harbor) => harbor.completions.create({ model: 'm', prompt: 'a' }), 2],
    ['an independent response', (harbor) => harbor.responses.create({ ...ASK, store: true }), 2],
  ])('is retried if it is %s', async (_, call, attempts) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: RESET }] } } })
    const error = await failureOf(call(harborFor(provider)))
    expectAttempts(error, { error: APIConnectionError, attempts, failure: { ambiguous: true } })
    expect(provider.counts().calls).toBe(attempts)
  })

  it('is sent only once if its body is a stream', async () => {
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
