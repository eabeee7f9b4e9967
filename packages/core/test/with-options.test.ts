import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createPool, OptionError, perCall, type HarborOptions } from '../src/index.ts'
import { collect, rejection } from './helpers/sdk-versions.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

const BUSY: Fault = { type: 'status', status: 503 }
const HANG: Fault = { type: 'hang' }

/** The number of requests of a call when each of them is refused. */
async function attemptsOf(client: OpenAI, options?: OpenAI.RequestOptions): Promise<unknown> {
  const error = await rejection(client.chat.completions.create(HELLO, options))
  expect(error).toBeInstanceOf(OpenAI.InternalServerError)
  return (error as InstanceType<typeof OpenAI.InternalServerError>).headers.get('x-harbor-attempts')
}

describe('a copy made by withOptions', () => {
  beforeEach(timeInTurns)

  it('shares the statistics, the events and the connection', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    const ended: string[] = []
    harbor.on('end', ({ receipt }) => ended.push(receipt.id))
    const copy = harbor.withOptions({ timeout: 5_000 })
    await harbor.chat.completions.create(HELLO)
    await copy.withOptions({ defaultHeaders: { 'x-team': 'blue' } }).chat.completions.create(HELLO)
    expect(copy.stats()).toEqual(harbor.stats())
    expect(harbor.stats()).toMatchObject({ calls: 2, attempts: 2 })
    expect(new Set(ended).size).toBe(2)
    expect(provider.counts().connections.opened).toBe(1)
  })

  it('is a Harbor with all options of the original', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { defaultHeaders: { 'x-team': 'blue' } })
    const copy = harbor.withOptions({ apiKey: 'other-key' })
    expect(copy.constructor).toBe(harbor.constructor)
    await copy.chat.completions.create(HELLO)
    expect(provider.requests()[0]?.headers).toMatchObject({
      authorization: 'Bearer other-key',
      'x-team': 'blue',
    })
  })

  it('does not wrap fetch again: a copy of a copy makes three attempts, not nine or 27', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: BUSY }] } } })
    const copy = harborFor(provider).withOptions({ timeout: 5_000 }).withOptions({ timeout: 6_000 })
    expect(await attemptsOf(copy)).toBe('3')
    expect(provider.counts().calls).toBe(3)
  })

  it('may have another baseURL, and is still counted with the original', async () => {
    const [provider, other] = [await simulate(), await simulate()]
    const harbor = harborFor(provider)
    await harbor.withOptions({ baseURL: other.baseURL }).chat.completions.create(HELLO)
    expect([provider.counts().calls, other.counts().calls]).toEqual([0, 1])
    expect(harbor.stats().calls).toBe(1)
  })

  const CHANGES: [what: string, given: HarborOptions, changes: HarborOptions, attempts: string][] = [
    ['maxRetries', {}, { maxRetries: 0 }, '1'],
    [
      'maxRetries over retry.maxAttempts',
      { retry: { maxAttempts: 2, baseDelayMs: 1 } },
      { maxRetries: 3 },
      '4',
    ],
    ['retry.maxAttempts', {}, { retry: { maxAttempts: 2, baseDelayMs: 1 } }, '2'],
    ['retry.maxAttempts over maxRetries', { maxRetries: 0 }, { retry: { maxAttempts: 2 } }, '2'],
    ['retry: false', {}, { retry: false }, '1'],
    ['other parts of retry, and keeps maxRetries', { maxRetries: 1 }, { retry: { baseDelayMs: 1 } }, '2'],
    ['nothing, and keeps retry: false', { retry: false }, { timeout: 5_000 }, '1'],
    ['nothing, and keeps retry.maxAttempts', { retry: { maxAttempts: 2, baseDelayMs: 1 } }, {}, '2'],
  ]
  it.each(CHANGES)('may change %s, only for itself', async (_, given, changes, attempts) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: BUSY }] } } })
    const harbor = harborFor(provider, given)
    const before = await attemptsOf(harbor)
    expect(await attemptsOf(harbor.withOptions(changes))).toBe(attempts)
    expect(await attemptsOf(harbor)).toBe(before)
  })

  it('keeps the retry options that it does not change', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: BUSY }] } } })
    const delays: number[] = []
    const onRetry = ({ delayMs }: { delayMs: number }): unknown => delays.push(delayMs)
    const harbor = harborFor(provider, { retry: { baseDelayMs: 4, factor: 1, jitter: 'none', onRetry } })
    await attemptsOf(harbor.withOptions({ maxRetries: 1 }))
    expect(delays).toEqual([4])
  })

  it('may change timeout and timeouts, only for itself', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { timeouts: { attemptMs: 20 }, maxRetries: 0 })
    provider.fail(HANG, HANG, HANG, HANG)
    const clocks = []
    for (const client of [
      harbor.withOptions({ timeouts: false, timeout: 30 }),
      harbor.withOptions({ timeouts: { attemptMs: 25 } }),
      harbor.withOptions({ logLevel: 'off' }),
      harbor,
    ]) {
      const error = await rejection(client.chat.completions.create(HELLO))
      expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
      clocks.push((error as Error).cause)
    }
    expect(clocks).toMatchObject([
      { clock: 'total', limitMs: 30 },
      { clock: 'attempt', limitMs: 25 },
      { clock: 'attempt', limitMs: 20 },
      { clock: 'attempt', limitMs: 20 },
    ])
  })

  it('refuses another pool and invalid options', async () => {
    const harbor = harborFor(await simulate())
    const pool = createPool()
    expect(() => harbor.withOptions({ pool })).toThrow(OptionError)
    expect(() => harbor.withOptions({ pool })).toThrow('pool cannot change in a copy')
    expect(() => harbor.withOptions({ maxRetries: 1, retry: { maxAttempts: 5 } })).toThrow('contradict')
    expect(() => harbor.withOptions({ timeouts: { idleMs: -1 } })).toThrow('timeouts.idleMs')
    await pool.close()
  })
})

describe('the options of one call', () => {
  beforeEach(timeInTurns)

  it.each([
    [0, '1'],
    [1, '2'],
    [4, '5'],
  ])('make maxRetries + 1 attempts with maxRetries: %i', async (maxRetries, attempts) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: BUSY }] } } })
    const harbor = harborFor(provider)
    expect(await attemptsOf(harbor, { maxRetries })).toBe(attempts)
    expect(await attemptsOf(harbor)).toBe('3')
    expect(provider.counts().calls).toBe(Number(attempts) + 3)
  })

  it('limit the total over all attempts and waits with timeout', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    provider.fail(BUSY, HANG)
    const error = await rejection(harbor.chat.completions.create(HELLO, { timeout: 150 }))
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    expect((error as Error).cause).toMatchObject({ clock: 'total', limitMs: 150 })
    expect(harbor.timeout).toBe(600_000)
  })

  it('override the clocks that perCall names, and no others', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: HANG }] } } })
    const harbor = harborFor(provider, { timeouts: { attemptMs: 30 }, retry: false })
    const timedOut = async (options?: OpenAI.RequestOptions): Promise<unknown> =>
      ((await rejection(harbor.chat.completions.create(HELLO, options))) as Error).cause
    expect(await timedOut(perCall({ timeouts: { attemptMs: 15 } }))).toMatchObject({ limitMs: 15 })
    expect(await timedOut(perCall({ timeouts: { idleMs: 15 } }))).toMatchObject({ limitMs: 30 })
    expect(await timedOut()).toMatchObject({ clock: 'attempt', limitMs: 30 })
  })

  it('hold for every page of a list', async () => {
    const upstream = await serve(({ path }, response) => {
      const isSecondPage = path.includes('after')
      if (isSecondPage) sendJson(response, { error: { message: 'Busy.' } }, 503)
      else sendJson(response, { data: [{ id: 'file-1' }], has_more: true })
    })
    const harbor = harborFor(upstream)
    const error = await rejection(collect(harbor.files.list({}, { maxRetries: 4 })))
    expect(error).toBeInstanceOf(OpenAI.InternalServerError)
    expect(upstream.requests).toHaveLength(1 + 5)
  })

  it('default to the maxRetries of the client, also when that is changed later', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: BUSY }] } } })
    const harbor = harborFor(provider)
    harbor.maxRetries = 0
    expect(await attemptsOf(harbor)).toBe('1')
    expect(await attemptsOf(harbor.withOptions({ timeout: 5_000 }))).toBe('1')
  })
})

describe('a retry that starts too late in a busy process', () => {
  it('fails with the timeout of the total', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { retry: { baseDelayMs: 5, jitter: 'none' }, timeout: 100_000 })
    // The timer of the retry fires when the total time is over.
    const look = performance.now.bind(performance)
    let busyMs = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => look() + busyMs)
    onTestFinished(() => clock.mockRestore())
    harbor.on('retry', () => setImmediate(() => (busyMs = 200_000)))
    provider.fail(BUSY)
    const error = await rejection(harbor.chat.completions.create(HELLO))
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    expect((error as Error).cause).toMatchObject({ clock: 'total', limitMs: 100_000 })
  })
})
