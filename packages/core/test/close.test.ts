import type { ServerResponse } from 'node:http'
import { startSimulator } from '@harbor/simulator'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  APIError,
  ClientClosedError,
  createHarborFetch,
  Harbor,
  OptionError,
  perCall,
  receiptOf,
  type HarborEvents,
  type HarborOptions,
} from '../src/index.ts'
import { CHAT_ANSWER } from './two.ts'
import { sendJson, serve } from './upstream.ts'

const ask = (content = 'Hello?') => ({
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content }],
})
const LATER = { baseDelayMs: 3_600_000, maxDelayMs: 3_600_000, jitter: false } as const
const CONTENT = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] })}\n\n`
const END = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`

function clientOf(baseURL: string, options: HarborOptions = {}): Harbor {
  const harbor = new Harbor({ apiKey: 'key', baseURL, logLevel: 'off', timeout: 86_400_000, ...options })
  onTestFinished(() => harbor.close({ graceMs: 0 }))
  return harbor
}

/** Answers when the test says so. */
async function holding(): Promise<{
  readonly baseURL: string
  readonly open: ServerResponse[]
  answerAll: () => void
}> {
  const open: ServerResponse[] = []
  const { baseURL } = await serve((_, response) => open.push(response))
  return { baseURL, open, answerAll: () => open.splice(0).forEach((each) => sendJson(each, CHAT_ANSWER)) }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

const errorOf = (call: PromiseLike<unknown>): Promise<APIError> =>
  Promise.resolve(call).then(
    () => expect.fail('the call succeeded'),
    (error: unknown) => error as APIError,
  )

/** How the client says that it is closed. */
function expectClosed(error: unknown): void {
  expect(error).toBeInstanceOf(APIError)
  expect(error).toMatchObject({ status: 503, code: 'client_closed' })
  const { message } = error as APIError
  expect(message).toContain('This client is closed')
  expect(message).not.toMatch(/timed? ?out|pool/i)
}

/** Ways in which a call waits before it is sent, or before it is sent again. */
const WAITS: readonly [string, HarborOptions, (response: ServerResponse) => void][] = [
  ['its next attempt', { retry: LATER }, (response) => sendJson(response, {}, 503)],
  [
    'a Retry-After',
    { retry: { maxRetryAfterMs: 86_400_000 } },
    (response) => response.writeHead(429, { 'retry-after': '3000' }).end('{}'),
  ],
  ['its next attempt after a broken connection', { retry: LATER }, (response) => response.destroy()],
]

describe('close()', () => {
  it.each(WAITS)('refuses at once what waits for %s', async (_, options, answer) => {
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
    ['a slot', { maxConcurrency: 1 }],
  ])('refuses at once what waits for %s, and awaits what was sent', async (_, limits) => {
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

  it('awaits requests that wait for a connection, which the pool has accepted', async () => {
    const { baseURL, open, answerAll } = await holding()
    const harbor = clientOf(baseURL, { pool: { connections: 1 } })
    const calls = [1, 2].map(() => harbor.chat.completions.create(ask()))
    await until(() => open.length === 1)
    const closed = harbor.close()
    answerAll()
    await until(() => open.length === 1)
    answerAll()
    expect(await Promise.all(calls)).toHaveLength(2)
    await closed
  })

  it('refuses what comes later, cached answers included, by copies and by a fetch, too', async () => {
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

  it('moves no call to another target, and answers none by the last resort', async () => {
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

  it('lets a request that was sent answer, though a hedge beside it may not be sent', async () => {
    const backup = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const { baseURL, open, answerAll } = await holding()
    const harbor = clientOf(baseURL, {
      providers: { backup: { apiKey: 'key', baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4'],
      hedge: { afterMs: 50 },
    })
    const call = harbor.chat.completions.create(ask())
    await until(() => open.length === 1)
    const closed = harbor.close()
    await new Promise((resolve) => setTimeout(resolve, 100))
    answerAll()
    expect(receiptOf(await call)?.target).toBe('openai/gpt-4')
    await closed
    expect(backup.requests).toHaveLength(0)
  })

  it('gives a request that was sent its answer, also when that is an error which is not retried', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL)
    const call = errorOf(harbor.chat.completions.create(ask()))
    await until(() => open.length === 1)
    const closed = harbor.close()
    sendJson(open[0] as ServerResponse, { error: { message: 'no such thing' } }, 400)
    expect(await call).toMatchObject({ status: 400 })
    await closed
  })

  it('awaits streams that are read, until their end', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL)
    const opening = harbor.chat.completions.create({ ...ask(), stream: true })
    await until(() => open.length === 1)
    const [response] = open as [ServerResponse]
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    const stream = await opening
    let isClosed = false
    const closed = harbor.close().then(() => (isClosed = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isClosed).toBe(false)
    response.end(END)
    const chunks: unknown[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks).toHaveLength(2)
    await closed
  })

  it('aborts after graceMs what is still on the wire, and says so', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL, { retry: LATER })
    const opened: HarborEvents['breaker'][] = []
    harbor.on('breaker', (event) => opened.push(event))
    const call = errorOf(harbor.chat.completions.create(ask()))
    const opening = harbor.chat.completions.create({ ...ask(), stream: true })
    await until(() => open.length === 2)
    open[1]?.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    open[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    const stream = await opening
    await harbor.close({ graceMs: 30 })
    const error = await call
    expectClosed(error)
    expect(error.message).toContain('graceMs')
    expect(receiptOf(error)).toMatchObject({
      possiblyBilled: 1,
      attempts: [{ failure: { kind: 'aborted' } }],
    })
    const chunks: unknown[] = []
    const cut = await errorOf(
      (async () => {
        for await (const chunk of stream) chunks.push(chunk)
      })(),
    )
    expect(chunks).toHaveLength(1)
    expect(cut).toMatchObject({ code: 'client_closed' })
    expect(cut.message).toContain('This client is closed')
    expect(opened).toEqual([])
    expect(harbor.stats()).toMatchObject({ failures: {}, availability: 1 })
  })

  it('tells a reader that waits for the next event in band', async () => {
    const { baseURL } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    })
    const fetch = createHarborFetch({ logLevel: 'off' })
    const response = await fetch(`${baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...ask(), stream: true }),
    })
    const reading = response.text()
    await fetch.close({ graceMs: 20 })
    const text = await reading
    expect(text.startsWith(CONTENT)).toBe(true)
    expect(text).toContain('"code":"client_closed"')
  })

  it('awaits a file that is read, and is not kept waiting by one that nobody reads', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL)
    const opening = [harbor.files.content('file_1'), harbor.files.content('file_2')] as const
    await until(() => open.length === 2)
    const [one, other] = open as [ServerResponse, ServerResponse]
    one.writeHead(200, { 'content-type': 'application/octet-stream' }).write('begin ')
    other.writeHead(200, { 'content-type': 'application/octet-stream' }).end('unread')
    const [file] = await Promise.all(opening)
    const reading = file.text()
    let isClosed = false
    const closed = harbor.close().then(() => (isClosed = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isClosed).toBe(false)
    one.end('end')
    expect(await reading).toBe('begin end')
    await closed
  })

  it('aborts a file that is still read after graceMs', async () => {
    const { baseURL } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('begin ')
    })
    const harbor = clientOf(baseURL)
    const reading = (await harbor.files.content('file_1')).text()
    const error = errorOf(reading)
    await harbor.close({ graceMs: 20 })
    expect(await error).toMatchObject({ code: 'client_closed' })
  })

  it('ends also with a fetch that is deaf to its signal', async () => {
    const harbor = clientOf('https://a.test/v1', { fetch: () => new Promise(() => undefined) })
    const call = errorOf(harbor.chat.completions.create(ask()))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await harbor.close({ graceMs: 10 })
    expectClosed(await call)
  })

  it('refuses embeddings whose request has not left, and awaits the ones that were sent', async () => {
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

  it('stops a bulk run, whose requests that were not sent go back', async () => {
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

  it("ends a bulk run through the provider's Batch API, which goes on at the provider", async () => {
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

  it('refuses a call whose key is still being made', async () => {
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

  it('refuses all who share a request that waits', async () => {
    const { baseURL } = await serve((_, response) => sendJson(response, {}, 503))
    const harbor = clientOf(baseURL, { cache: true, retry: LATER })
    const retries: HarborEvents['retry'][] = []
    harbor.on('retry', (event) => retries.push(event))
    const calls = [1, 2].map(() => errorOf(harbor.chat.completions.create(ask())))
    await until(() => retries.length === 1)
    await harbor.close()
    for (const error of await Promise.all(calls)) expectClosed(error)
  })

  it('returns the same promise each time, and leaves a pool open that was given', async () => {
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

  it('checks what it is given, and closes nothing then', async () => {
    const { baseURL } = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const harbor = clientOf(baseURL)
    for (const graceMs of [-1, NaN, '5' as never, 2 ** 31])
      await expect(harbor.close({ graceMs })).rejects.toThrow('graceMs must be a number of milliseconds')
    await expect(harbor.close({ grace: 5 } as never)).rejects.toSatisfy(OptionError.is)
    expect(await harbor.chat.completions.create(ask(), perCall({}))).toBeDefined()
    expect(harbor.stats().closed).toBe(false)
  })

  it('has an error of its own', () => {
    const error = new ClientClosedError('waiting')
    expect(ClientClosedError.is(error)).toBe(true)
    expect(ClientClosedError.is(new Error('no'))).toBe(false)
    expect(error).toMatchObject({ name: 'ClientClosedError', code: 'client_closed', sent: false })
  })
})
