import OpenAI from 'openai'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { chat, chatBody, chatStream, post } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'
import type { Limits } from './limits.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
afterAll(() => simulator.close())

let now = 1_000_000
const clock = vi.spyOn(performance, 'now')
beforeEach(() => void clock.mockImplementation(() => now))
afterEach(() => void clock.mockReset())

function limit(limits: Limits, script = {}): void {
  provider.script({ ...script, limits })
  provider.reset()
}

async function statuses(calls: number): Promise<(number | undefined)[]> {
  const seen = []
  for (let call = 0; call < calls; call++) seen.push((await chat(provider)).status)
  return seen
}

const embed = (input: string, headers?: Record<string, string>) =>
  post(provider, '/embeddings', { model: 'text-embedding-3-small', input }, { headers })

/** What the calls that were answered cost. */
const spent = (): number => provider.counts().tokens.input + provider.counts().tokens.output

describe('a quota of requests per minute', () => {
  it('is reported in the headers of every answer: what is left, and the time until all is available again', async () => {
    limit({ requestsPerMinute: 3 })
    const told = ({ headers }: Awaited<ReturnType<typeof chat>>) => ({
      limit: headers['x-ratelimit-limit-requests'],
      remaining: headers['x-ratelimit-remaining-requests'],
      reset: headers['x-ratelimit-reset-requests'],
    })
    expect(told(await chat(provider))).toEqual({ limit: '3', remaining: '2', reset: '20s' })
    expect(told(await chatStream(provider))).toEqual({ limit: '3', remaining: '1', reset: '40s' })
  })

  it('refuses calls with OpenAI’s message when it is used up, and refills steadily', async () => {
    limit({ requestsPerMinute: 3 })
    expect(await statuses(3)).toEqual([200, 200, 200])
    const refused = await chat(provider)
    expect(refused.status).toBe(429)
    expect(refused.headers).toMatchObject({
      'retry-after': '20',
      'retry-after-ms': '20000',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1m0s',
    })
    expect(JSON.parse(refused.body)).toMatchObject({
      error: {
        code: 'rate_limit_exceeded',
        type: 'requests',
        message: expect.stringContaining(
          'on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.',
        ) as string,
      },
    })
    now += 19_999
    expect(await statuses(1)).toEqual([429])
    now += 1
    expect(await statuses(2)).toEqual([200, 429])
  })

  it('is not reduced by refused calls, unless countRefused is set', async () => {
    limit({ requestsPerMinute: 60, burst: 1 / 60 })
    const hammer = async () => {
      const seen = []
      for (let call = 0; call < 9; call++) {
        seen.push(...(await statuses(1)))
        now += 300
      }
      return seen.filter((status) => status === 200).length
    }
    expect(await hammer()).toBe(3)
    limit({ requestsPerMinute: 60, burst: 1 / 60, countRefused: true })
    expect(await hammer()).toBe(1)
  })

  it('can be used at once only up to burst', async () => {
    limit({ requestsPerMinute: 60, burst: 0.05 })
    expect(await statuses(4)).toEqual([200, 200, 200, 429])
    now += 600_000
    expect(await statuses(4)).toEqual([200, 200, 200, 429])
  })
})

describe('a quota of tokens per minute', () => {
  it('is reduced by the usage of each call', async () => {
    limit({ tokensPerMinute: 1_000 })
    const { headers } = await chat(provider)
    expect(headers['x-ratelimit-limit-tokens']).toBe('1000')
    expect(Number(headers['x-ratelimit-remaining-tokens'])).toBe(1_000 - spent())
  })

  it('is reduced by the maximum output, with charge: reserved', async () => {
    limit({ tokensPerMinute: 1_000, charge: 'reserved' }, { reply: 'Yes.' })
    const { headers } = await post(provider, '/chat/completions', { ...chatBody, max_tokens: 500 })
    const { input } = provider.counts().tokens
    expect(Number(headers['x-ratelimit-remaining-tokens'])).toBe(500 - input)
  })

  it('refuses a call with more tokens than a minute has, without Retry-After', async () => {
    limit({ tokensPerMinute: 50 })
    const refused = await embed('sea '.repeat(200))
    expect(refused.status).toBe(429)
    expect(refused.headers).not.toHaveProperty('retry-after')
    expect(refused.body).toContain('Request too large for text-embedding-3-small')
    expect((JSON.parse(refused.body) as { error: unknown }).error).toMatchObject({ type: 'tokens' })
  })
})

it('applies the quota of a model to that model, and the shared quota to all others', async () => {
  limit({ requestsPerMinute: 1, models: { 'text-embedding-3-small': { requestsPerMinute: 2 } } })
  expect(await statuses(2)).toEqual([200, 429])
  const seen = []
  for (let call = 0; call < 3; call++) seen.push((await embed('sea')).status)
  expect(seen).toEqual([200, 200, 429])
})

it('limits concurrent calls, and frees the slot of a client that closed the connection', async () => {
  clock.mockReset()
  limit({ concurrency: 1 })
  provider.fail({ type: 'hang' })
  const hanging = chat(provider, { patienceMs: 100 })
  await expect.poll(() => provider.counts().inFlight, { interval: 1 }).toBe(1)
  const refused = await chat(provider)
  expect(refused.status).toBe(429)
  expect(refused.body).toContain('on concurrent requests: Limit 1')
  await hanging
  await provider.whenIdle()
  expect(await statuses(2)).toEqual([200, 200])
})

describe('a minute that takes a second', () => {
  const compressed = { requestsPerMinute: 60, minuteMs: 1_000, burst: 0.1 }

  it('is reported in numbers per real minute, for a client with a normal clock', async () => {
    limit(compressed)
    const { headers } = await chat(provider)
    expect(headers).toMatchObject({
      'x-ratelimit-limit-requests': '3600',
      'x-ratelimit-remaining-requests': '5',
      'x-ratelimit-reset-requests': '17ms',
    })
    await statuses(5)
    const refused = await chat(provider)
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '17' })
    now += 17
    expect(await statuses(2)).toEqual([200, 429])
  })

  it('is reported as a whole minute, for a client with an accelerated clock', async () => {
    limit({ ...compressed, clock: 'scaled' })
    await statuses(6)
    const refused = await chat(provider)
    expect(refused.headers).toMatchObject({
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-reset-requests': '6s',
      'retry-after': '1',
      'retry-after-ms': '1000',
    })
  })
})

describe('a header about limits', () => {
  it('can be switched off, for good answers or for all', async () => {
    limit({ requestsPerMinute: 1, headers: 'retry-after' })
    expect(Object.keys((await chat(provider)).headers).join()).not.toContain('ratelimit')
    const refused = (await chat(provider)).headers
    expect(refused).toHaveProperty('retry-after', '60')
    expect(Object.keys(refused).join()).not.toContain('ratelimit')
    limit({ requestsPerMinute: 1, headers: 'none' })
    await chat(provider)
    expect((await chat(provider)).headers).not.toHaveProperty('retry-after')
  })

  it('is overridden by one of a fault', async () => {
    limit({ requestsPerMinute: 5 })
    provider.fail({ type: 'status', status: 500, headers: { 'x-ratelimit-remaining-requests': '77' } })
    const { headers } = await chat(provider)
    expect(headers).toMatchObject({
      'x-ratelimit-remaining-requests': '77',
      'x-ratelimit-limit-requests': '5',
    })
  })
})

it('takes no fault and counts no tokens for a refused call', async () => {
  limit({ requestsPerMinute: 1 })
  provider.fail('ok', { type: 'status', status: 503 })
  await chat(provider)
  const { tokens } = provider.counts()
  expect((await chat(provider)).status).toBe(429)
  expect(provider.counts()).toMatchObject({ tokens, byStatus: { 200: 1, 429: 1 } })
  now += 60_000
  expect((await chat(provider)).status).toBe(503)
})

it('does not limit calls without a key, or calls that run no model', async () => {
  limit({ requestsPerMinute: 1 }, { apiKeys: ['key'] })
  expect(await statuses(3)).toEqual([401, 401, 401])
  const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
  for (let call = 0; call < 3; call++) await client.files.list()
  expect((await embed('sea', { authorization: 'Bearer key' })).status).toBe(200)
  expect((await embed('sea', { authorization: 'Bearer key' })).status).toBe(429)
})

it('starts again with a new script and with reset()', async () => {
  limit({ requestsPerMinute: 1 })
  expect(await statuses(2)).toEqual([200, 429])
  provider.reset()
  expect(await statuses(2)).toEqual([200, 429])
  provider.script({})
  expect(await statuses(2)).toEqual([200, 200])
})

it.each([
  [{}, 'limits must be given at least one of requestsPerMinute'],
  [{ requestPerMinute: 1 }, "the nearest known one is 'requestsPerMinute'"],
  [{ requestsPerMinute: 0 }, 'limits.requestsPerMinute must be a number of at least 1, got 0'],
  [{ concurrency: 1.5 }, 'limits.concurrency must be a whole number of at least 1, got 1.5'],
  [{ models: {} }, 'limits.models must be an object with at least one model'],
  [{ models: { a: {} } }, 'limits.models.a must be given at least one of'],
  [{ requestsPerMinute: 1, burst: 2 }, 'limits.burst must be a number from'],
  [{ requestsPerMinute: 1, charge: 'nothing' }, 'limits.charge must be one of usage, reserved'],
  [{ requestsPerMinute: 1, clock: 'sun' }, 'limits.clock must be one of wall, scaled'],
])('rejects the limits %j', (limits, message) => {
  expect(() => provider.script({ limits: limits as Limits })).toThrow(message)
})
