import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Harbor, receiptOf, type HarborOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor, QUICK } from './helpers/harbor-for.ts'
import { answerFor, ask, chat } from './helpers/tenant-clients.ts'
import { sendJson, serve, type UpstreamRequest } from './helpers/http-server.ts'

/** A provider that fails this many times before it answers. */
async function failing(times: number): Promise<{ baseURL: string; requests: readonly UpstreamRequest[] }> {
  let left = times
  return serve((request, response) => {
    if (left-- > 0) sendJson(response, { error: { message: 'later' } }, 503)
    else answerFor(request, response)
  })
}

function counter(): { apiKey: () => Promise<string>; calls: () => number } {
  let calls = 0
  return { apiKey: () => Promise.resolve(`token.${++calls}`), calls: () => calls }
}

const keysOf = (requests: readonly UpstreamRequest[]): unknown[] =>
  requests.map(({ headers }) => headers.authorization ?? headers['api-key'])

function ofClass(Class: typeof Harbor, options: HarborOptions): Harbor {
  const harbor = new Class({ apiKey: 'k', retry: QUICK, logLevel: 'off', ...options })
  onTestFinished(() => harbor.close())
  return harbor
}

describe('a key function', () => {
  it.each([false, true])(
    'is called for each attempt of the client’s own provider (stream: %s)',
    async (stream) => {
      const { baseURL, requests } = await failing(2)
      const { apiKey, calls } = counter()
      expect(await ask(harborFor({ baseURL }, { apiKey }), 'Q', stream)).toBe('Q for token')
      expect(keysOf(requests)).toEqual(['Bearer token.1', 'Bearer token.2', 'Bearer token.3'])
      expect(calls()).toBe(3)
      expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
      expect(requests.map(({ headers }) => headers['content-type'])).toEqual(
        Array(3).fill('application/json'),
      )
      expect(requests.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['0', '1', '2'])
    },
  )

  it.each(['openai', 'azure'] as const)(
    'is called for each attempt of another provider (%s)',
    async (kind) => {
      const { baseURL, requests } = await failing(2)
      const { apiKey } = counter()
      const harbor = harborFor({ baseURL }, { providers: { other: { kind, apiKey, baseURL } } })
      await harbor.chat.completions.create(chat('Q', 'other/m'))
      const prefix = kind === 'azure' ? '' : 'Bearer '
      expect(keysOf(requests)).toEqual([1, 2, 3].map((number) => `${prefix}token.${number}`))
    },
  )

  it('is called when a first attempt that had to wait is sent', async () => {
    const { baseURL, requests } = await failing(0)
    const { apiKey } = counter()
    const harbor = harborFor(
      { baseURL },
      { apiKey, limits: { requestsPerMinute: 300, burstMs: 0, safety: 1 } },
    )
    await Promise.all([ask(harbor, 'one'), ask(harbor, 'two')])
    // Each request has a key of its own, from the moment at which it was sent.
    expect(keysOf(requests)).toEqual(['Bearer token.1', 'Bearer token.2'])
  })

  it('is called when a prefetch is sent, not when it is recorded', async () => {
    const { baseURL, requests } = await failing(0)
    const { apiKey } = counter()
    const harbor = harborFor({ baseURL }, { apiKey, cache: true, prefetch: { minSupport: 1 } })
    await ask(harbor, 'one')
    await ask(harbor, 'two')
    await ask(harbor, 'one')
    await harbor.cache.clear()
    await ask(harbor, 'one')
    await expect.poll(() => requests).toHaveLength(4)
    const keys = keysOf(requests)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it.each<[string, () => unknown, RegExp]>([
    ['undefined', () => undefined, /apiKey function of providers\.other returned undefined, not a text/],
    ['null', () => null, /returned null, not a text/],
    ['an object', () => ({ token: 'SECRET' }), /returned object, not a text/],
    ['an empty text', () => '', /returned an empty text/],
    ['a text of two lines', () => 'SECRET\nline', /returned a text with a line break/],
  ])(
    'fails the call with a message when it returns %s, which the message does not show',
    async (_, make, words) => {
      const { baseURL, requests } = await failing(0)
      const lines: string[] = []
      const log = (...line: unknown[]): void => void lines.push(line.map(String).join(' '))
      const logger = { error: log, warn: log, info: log, debug: log }
      const apiKey = (): Promise<string> => Promise.resolve(make() as string)
      const providers = { other: { apiKey, baseURL } }
      const harbor = harborFor({ baseURL }, { providers, logger, logLevel: 'debug' })
      const error = (await failureOf(harbor.chat.completions.create(chat('Q', 'other/m')))) as Error
      expect(error).toMatchObject({ status: 401, code: 'credential_failed' })
      expect(error.message).toMatch(words)
      expect(JSON.stringify(receiptOf(error)) + error.message + lines.join('\n')).not.toContain('SECRET')
      expect(requests).toHaveLength(0)
    },
  )

  it('ends the call with a message when it fails for a later attempt', async () => {
    const { baseURL, requests } = await failing(3)
    let calls = 0
    const apiKey = (): Promise<string> =>
      ++calls === 1 ? Promise.resolve('first') : Promise.reject(new Error('the vault is closed'))
    const error = await failureOf(ask(harborFor({ baseURL }, { apiKey }), 'Q'))
    expect(error).toMatchObject({ status: 503 })
    expect(requests).toHaveLength(1)
    expect(calls).toBe(2)
  })

  it('is awaited at most for the total of the call', async () => {
    const { baseURL } = await failing(0)
    const apiKey = (): Promise<string> => new Promise(() => undefined)
    const harbor = harborFor(
      { baseURL },
      { providers: { other: { apiKey, baseURL } }, timeout: 50, maxRetries: 0 },
    )
    const error = (await failureOf(harbor.chat.completions.create(chat('Q', 'other/m')))) as Error
    expect(error.message).toMatch(/timed out/i)
  })

  it('identifies cached answers, limits and cooldowns, whatever key it returns', async () => {
    let now = 0
    let most = 0
    const { baseURL, requests } = await serve((request, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now--
        answerFor(request, response)
      }, 5)
    })
    const { apiKey } = counter()
    const harbor = harborFor({ baseURL }, { apiKey, cache: true, limits: { maxConcurrency: 1 } })
    await Promise.all(['a', 'b', 'c', 'd'].map((content) => ask(harbor, content)))
    expect(most).toBe(1)
    await ask(harbor, 'a')
    await ask(harbor.withOptions({ timeout: 5_000 }), 'a')
    expect(requests).toHaveLength(4)
    expect(Object.keys(harbor.stats().limits)).toHaveLength(1)
  })

  it('is not called when the caller signs a call itself', async () => {
    const { baseURL, requests } = await failing(0)
    const { apiKey } = counter()
    const harbor = harborFor({ baseURL }, { apiKey, cache: true })
    for (const key of ['A', 'B'])
      await harbor.chat.completions.create(chat('Q'), { headers: { Authorization: `Bearer ${key}` } })
    expect(keysOf(requests)).toEqual(['Bearer A', 'Bearer B'])
  })
})

describe('hooks of a subclass', () => {
  it('prepare each attempt', async () => {
    const { baseURL, requests } = await failing(2)
    const called: string[] = []
    class Signed extends Harbor {
      override async prepareOptions(): Promise<void> {
        called.push('options')
      }
      override async prepareRequest(
        ...[request, given]: Parameters<Harbor['prepareRequest']>
      ): Promise<void> {
        await super.prepareRequest(request, given)
        called.push('request')
        ;(request.headers as Headers).set(
          'x-signature',
          `${called.length} of ${(request.body as string).length}`,
        )
      }
    }
    const harbor = ofClass(Signed, { baseURL })
    await ask(harbor, 'Q')
    expect(called).toEqual(['options', 'request', 'options', 'request', 'options', 'request'])
    const { length } = requests[0]?.body ?? ''
    expect(requests.map(({ headers }) => headers['x-signature'])).toEqual(
      [2, 4, 6].map((n) => `${n} of ${length}`),
    )
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
  })

  it('see the body of the call, whatever happened to the object since', async () => {
    const { baseURL, requests } = await failing(1)
    class Rewriting extends Harbor {
      override async prepareRequest(
        ...[request, given]: Parameters<Harbor['prepareRequest']>
      ): Promise<void> {
        request.body = (request.body as string).replace('Q', 'QQ')
        await super.prepareRequest(request, given)
      }
    }
    const body = chat('Q')
    const call = ofClass(Rewriting, { baseURL }).chat.completions.create(body)
    await expect.poll(() => requests).not.toHaveLength(0)
    body.messages.length = 0
    expect((await call).choices[0]?.message.content).toBe('QQ for k')
    expect(requests[1]?.body).toBe(requests[0]?.body)
  })

  it('keep the idempotency key of the call', async () => {
    const { baseURL, requests } = await failing(1)
    class Idempotent extends Harbor {
      override async prepareOptions(): Promise<void> {
        await Promise.resolve()
      }
    }
    const harbor = Object.assign(ofClass(Idempotent, { baseURL }), { idempotencyHeader: 'Idempotency-Key' })
    await ask(harbor, 'Q')
    const keys = requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys[0]).toBeTypeOf('string')
    expect(keys[1]).toBe(keys[0])
  })

  it('are not called for other providers', async () => {
    const { baseURL, requests } = await failing(1)
    const harbor = harborFor({ baseURL })
    const build = vi.spyOn(harbor, 'buildURL')
    await ask(harbor, 'Q')
    expect(requests).toHaveLength(2)
    expect(build).toHaveBeenCalledTimes(1)
  })
})

describe('two provider entries with the same URL', () => {
  it('are two targets when each has its own key function', async () => {
    const { baseURL, requests } = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer A') sendJson(response, { error: {} }, 503)
      else answerFor(request, response)
    })
    const entry = (key: string) => ({ apiKey: () => Promise.resolve(key), baseURL })
    const harbor = harborFor(
      { baseURL },
      { providers: { a: entry('A'), b: entry('B') }, fallback: { 'a/m': ['b/m'] }, maxRetries: 0 },
    )
    const reply = await harbor.chat.completions.create(chat('Q', 'a/m'))
    expect(reply.choices[0]?.message.content).toBe('Q for B')
    expect(keysOf(requests)).toEqual(['Bearer A', 'Bearer B'])
  })
})
