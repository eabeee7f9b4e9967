import type { ServerResponse } from 'node:http'
import { startSimulator } from '@harbor/simulator'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  ClientClosedError,
  createHarborFetch,
  OptionError,
  perCall,
  receiptOf,
  type HarborEvents,
  type HarborOptions,
} from '../src/index.ts'
import { ask, clientOf, errorOf, expectClosed, holding, LATER, until } from './helpers/closing.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

/** Ways in which a call waits before it is sent again. */
const WAITS: readonly [string, HarborOptions, (response: ServerResponse) => void][] = [
  ['the next attempt', { retry: LATER }, (response) => sendJson(response, {}, 503)],
  [
    'a Retry-After',
    { retry: { maxRetryAfterMs: 86_400_000 } },
    (response) => response.writeHead(429, { 'retry-after': '3000' }).end('{}'),
  ],
  ['the next attempt after a broken connection', { retry: LATER }, (response) => response.destroy()],
]

describe('close()', () => {
  it.each(WAITS)('refuses calls at once that wait for %s', async (_, options, answer) => {
    const { baseURL, requests } = await serve((_, response) => answer(response))
    const harbor = clientOf(baseURL, options)
    const retries: HarborEvents['retry'][] = []
    harbor.on('retry', (event) => retries.push(event))
    const calls = [
      errorOf(harbor.chat.completions.create(ask())),
      errorOf(
        harbor.withOptions({ timeout: 86_000_000 }).chat.completions.create({ ...ask(), stream: true }),
      ),
      errorOf(harbor.responses.create({ model: 'gpt-4', input: 'Hello?' })),
    ]
    await until(() => retries.length === 3)
    await harbor.close()
    for (const error of await Promise.all(calls)) {
      expectClosed(error)
      expect(receiptOf(error)).toMatchObject({ outcome: 'aborted', attempts: [{}] })
    }
    expect(requests).toHaveLength(3)
    expect(harbor.stats()).toMatchObject({ closed: true, calls: 3 })
  })

  it.each<[string, HarborOptions['limits'] & object]>([
    ['a rate limit', { requestsPerMinute: 1, burstMs: 1 }],
    ['concurrency', { maxConcurrency: 1 }],
  ])('refuses calls at once that wait for %s, and awaits requests that were sent', async (_, limits) => {
    const { baseURL, open, answerAll } = await holding()
    const price = { inputPerMillion: 1, outputPerMillion: 1 }
    const harbor = clientOf(baseURL, {
      limits,
      models: { 'gpt-4': { price } },
      spendLimit: { usd: 1, per: 'total' },
    })
    const [sent, ...waiting] = [1, 2, 3].map(() => harbor.chat.completions.create(ask()))
    const refused = waiting.map(errorOf)
    await until(() => open.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    let isClosed = false
    const closed = harbor.close().then(() => (isClosed = true))
    for (const error of await Promise.all(refused)) {
      expectClosed(error)
      expect(receiptOf(error)).toMatchObject({ outcome: 'aborted', attempts: [], cost: undefined })
    }
    expect(isClosed).toBe(false)
    answerAll()
    expect(await sent).toMatchObject({ object: 'chat.completion' })
    await closed
    expect(harbor.stats().cost.possiblyBilledUsd).toBe(0)
    expect(harbor.stats().availability).toBe(1)
    for (const { rate, concurrency } of Object.values(harbor.stats().limits)) {
      expect(rate).toMatchObject({ waiting: 0, inFlight: 0 })
      expect(concurrency?.inFlight ?? 0).toBe(0)
    }
  })

  it('refuses later calls, also of copies, of createHarborFetch, and those with a cached answer', async () => {
    const { baseURL, requests } = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const harbor = clientOf(baseURL, { cache: true, lastResort: () => 'never' })
    const copy = harbor.withOptions({ timeout: 1_000 })
    await harbor.chat.completions.create(ask())
    await copy.close()
    expectClosed(await errorOf(harbor.chat.completions.create(ask())))
    expectClosed(await errorOf(copy.models.list()))
    expectClosed(await errorOf(harbor.chat.completions.create({ ...ask(), stream: true })))

    const fetch = createHarborFetch()
    await fetch.close()
    const response = await fetch(`${baseURL}/chat/completions`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(await response.json()).toMatchObject({ error: { type: 'harbor_error', code: 'client_closed' } })
    expect(requests).toHaveLength(1)
  })

  it('does not move calls to another target, nor answer them with lastResort', async () => {
    const backup = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const { baseURL, open } = await holding()
    const lastResort = vi.fn(() => 'instead')
    const harbor = clientOf(baseURL, {
      providers: { backup: { apiKey: 'key', baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4'],
      retry: { maxAttempts: 1 },
      lastResort,
    })
    const call = errorOf(harbor.chat.completions.create(ask()))
    await until(() => open.length === 1)
    const closed = harbor.close()
    sendJson(open[0] as ServerResponse, {}, 500)
    expectClosed(await call)
    await closed
    expect(backup.requests).toHaveLength(0)
    expect(lastResort).not.toHaveBeenCalled()
  })

  it('refuses embeddings that wait for their batch, and awaits those that were sent', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL, { embeddingBatch: { maxBatchSize: 2, maxWaitMs: 3_600_000 } })
    const embed = (input: string) => harbor.embeddings.create({ model: 'e', input, encoding_format: 'float' })
    const sent = [embed('one'), embed('two')]
    await until(() => open.length === 1)
    const waiting = errorOf(embed('three'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    const closed = harbor.close()
    expectClosed(await waiting)
    const data = [0, 1].map((index) => ({ object: 'embedding', index, embedding: [index] }))
    sendJson(open[0] as ServerResponse, {
      object: 'list',
      data,
      usage: { prompt_tokens: 2, total_tokens: 2 },
    })
    expect((await Promise.all(sent)).map(({ data }) => data[0]?.embedding)).toEqual([[0], [1]])
    await closed
  })

  it('stops a bulk run, with results only for the requests that were sent', async () => {
    const { baseURL, open, answerAll } = await holding()
    const harbor = clientOf(baseURL, { limits: { maxConcurrency: 2 } })
    const requests = Array.from({ length: 50 }, (_, number) => ({ body: ask(`Question ${number}?`) }))
    const run = harbor.bulk(requests, { concurrency: 6, patienceMs: 60_000 })
    const ids: string[] = []
    const reading = errorOf(
      (async () => {
        for await (const { id, ok } of run) ids.push(`${id} ${ok}`)
      })(),
    )
    const summary = errorOf(run.summary)
    await until(() => open.length === 2 && run.progress().waiting === 4)
    const closed = harbor.close()
    await until(() => run.progress().inFlight === 2)
    answerAll()
    expectClosed(await reading)
    expectClosed(await summary)
    await closed
    expect(ids.toSorted()).toEqual(['0 true', '1 true'])
  })

  it("ends a bulk run through the provider's Batch API, which continues at the provider", async () => {
    const simulator = await startSimulator({ providers: { openai: { batches: { runMs: 3_600_000 } } } })
    onTestFinished(() => simulator.close())
    const provider = simulator.provider()
    const harbor = clientOf(provider.baseURL)
    const run = harbor.bulk([{ body: ask() }], {
      via: 'provider',
      providerBatch: { pollMs: 5, maxPollMs: 5 },
    })
    const ended = errorOf(run.summary)
    await until(() => provider.counts().batches.created === 1)
    await harbor.close()
    expect(await ended).toMatchObject({ code: 'client_closed' })
  })

  it('refuses a call that waits for its key function', async () => {
    const { baseURL, requests } = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const key = Promise.withResolvers<string>()
    const harbor = clientOf('https://a.test/v1', { providers: { b: { apiKey: () => key.promise, baseURL } } })
    const call = errorOf(harbor.chat.completions.create({ ...ask(), model: 'b/m' }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await harbor.close()
    key.resolve('late')
    expectClosed(await call)
    expect(requests).toHaveLength(0)
  })

  it('refuses all callers that share a waiting request', async () => {
    const { baseURL } = await serve((_, response) => sendJson(response, {}, 503))
    const harbor = clientOf(baseURL, { cache: true, retry: LATER })
    const retries: HarborEvents['retry'][] = []
    harbor.on('retry', (event) => retries.push(event))
    const calls = [1, 2].map(() => errorOf(harbor.chat.completions.create(ask())))
    await until(() => retries.length === 1)
    await harbor.close()
    for (const error of await Promise.all(calls)) expectClosed(error)
  })

  it('returns the same promise each time, and leaves a shared pool open', async () => {
    const { baseURL } = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const { createPool } = await import('@harbor/pool')
    const pool = createPool()
    onTestFinished(() => pool.close())
    const harbor = clientOf(baseURL, { pool })
    await harbor.chat.completions.create(ask())
    const closing = harbor.close()
    expect(harbor.close({ graceMs: 5 })).toBe(closing)
    await closing
    expect(await clientOf(baseURL, { pool }).chat.completions.create(ask())).toBeDefined()
  })

  it('rejects for an invalid option, and closes nothing then', async () => {
    const { baseURL } = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const harbor = clientOf(baseURL)
    for (const graceMs of [-1, NaN, '5' as never, 2 ** 31])
      await expect(harbor.close({ graceMs })).rejects.toThrow('graceMs must be a number of milliseconds')
    await expect(harbor.close({ grace: 5 } as never)).rejects.toSatisfy(OptionError.is)
    expect(await harbor.chat.completions.create(ask(), perCall({}))).toBeDefined()
    expect(harbor.stats().closed).toBe(false)
  })
})

describe('the error of a closed client', () => {
  it('is recognised by is()', () => {
    const error = new ClientClosedError('waiting')
    expect(ClientClosedError.is(error)).toBe(true)
    expect(ClientClosedError.is(new Error('no'))).toBe(false)
    expect(error).toMatchObject({ name: 'ClientClosedError', code: 'client_closed', sent: false })
  })
})
