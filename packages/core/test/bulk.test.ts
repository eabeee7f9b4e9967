import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  perCall,
  type BulkAnswer,
  type BulkRequest,
  type BulkResult,
  type BulkRun,
  type Harbor,
  type HarborBulkOptions,
  type HarborEvents,
  type HarborOptions,
} from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const PRICES = { models: { 'gpt-4': { price: { inputPerMillion: 1_000, outputPerMillion: 2_000 } } } }

const chat = (number: number): BulkRequest => ({
  custom_id: `q-${number}`,
  body: { model: 'gpt-4', temperature: 0, messages: [{ role: 'user', content: `Question ${number}?` }] },
})
const chats = (count: number): BulkRequest[] => Array.from({ length: count }, (_, number) => chat(number))

async function bulkClient(
  options: HarborOptions = {},
  script: object = {},
): Promise<[SimulatedProvider, Harbor]> {
  const simulator = await startSimulator({ providers: { openai: script } })
  onTestFinished(() => simulator.close())
  const provider = simulator.provider()
  return [provider, harborFor(provider, { ...PRICES, ...options })]
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'harbor-bulk-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

async function all(run: BulkRun<BulkAnswer>): Promise<BulkResult<BulkAnswer>[]> {
  const results: BulkResult<BulkAnswer>[] = []
  for await (const result of run) results.push(result)
  return results
}

const idsOf = (results: readonly BulkResult<BulkAnswer>[]): string[] => results.map(({ id }) => id).toSorted()
const idsTo = (count: number): string[] =>
  chats(count)
    .map(({ custom_id: id }) => id ?? '')
    .toSorted()

describe('a bulk run', () => {
  it('returns each request one answer, with its target, usage and cost', async () => {
    const [provider, harbor] = await bulkClient()
    const run = harbor.bulk(chats(30), { concurrency: 8 })
    const results = await all(run)
    expect(idsOf(results)).toEqual(idsTo(30))
    for (const result of results) {
      expect(result).toMatchObject({ ok: true, attempts: 1, value: { target: 'openai/gpt-4' } })
    }
    const usd = results.reduce((sum, result) => sum + (result.ok ? (result.value.usd ?? 0) : 0), 0)
    expect(usd).toBeCloseTo(harbor.stats().cost.spentUsd, 9)
    const { tokens } = provider.counts()
    expect(await run.summary).toMatchObject({ ok: 30, failed: 0, tokens })
  })

  it.each<HarborBulkOptions>([
    { via: 'direct' },
    { via: 'provider', providerBatch: { pollMs: 5, maxPollMs: 20 } },
  ])('is reported by the event bulk, with its counters: %j', async (options) => {
    const [, harbor] = await bulkClient()
    const started: HarborEvents['bulk'][] = []
    harbor.on('bulk', (event) => started.push(event))
    const run = harbor.bulk(chats(3), options)
    expect(started).toMatchObject([{ via: options.via }])
    expect(started[0]?.progress()).toMatchObject({ ok: 0 })
    await run.summary
    expect(started[0]?.progress()).toMatchObject({ ok: 3, failed: 0, inFlight: 0 })
  })

  it('knows the cost of the first answers, though the price list is loaded only then', async () => {
    const [provider] = await bulkClient()
    // The list knows the prices of OpenAI's own address.
    const elsewhere: typeof fetch = (url, init) =>
      fetch((url as string).replace('https://api.openai.com/v1', provider.baseURL), init)
    const harbor = harborFor({ baseURL: 'https://api.openai.com/v1' }, { fetch: elsewhere })
    const results = await all(harbor.bulk(chats(5)))
    for (const result of results)
      expect(result).toMatchObject({ value: { usd: expect.any(Number) as number } })
  })

  it('sends chat, Responses and embedding requests, with results in input order if configured', async () => {
    const [provider, harbor] = await bulkClient()
    const requests: BulkRequest[] = [
      chat(0),
      { url: '/v1/responses', body: { model: 'gpt-4', input: 'One?' } },
      { url: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: 'two' } },
    ]
    const results = await all(harbor.bulk(requests, { order: 'input' }))
    expect(results.map(({ id }) => id)).toEqual(['q-0', '1', '2'])
    expect(results).toMatchObject([
      { value: { body: { object: 'chat.completion' } } },
      { value: { body: { object: 'response' } } },
      { value: { body: { object: 'list', data: [{ embedding: expect.any(Array) as unknown }] } } },
    ])
    expect(provider.counts().byOperation).toEqual({ chat: 1, responses: 1, embeddings: 1 })
  })

  it('uses the whole client: targets, cache, and options for each call', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ cache: true, ...PRICES })
    await primary.down()
    const requests = [chat(1), { ...chat(1), custom_id: 'again' }]
    const results = await all(
      harbor.bulk(requests, { concurrency: 1, request: perCall({ tags: ['nightly'] }) }),
    )
    expect(results).toMatchObject([
      { value: { target: 'backup/gpt-4' } },
      { value: { target: 'backup/gpt-4' } },
    ])
    expect(backup.counts().calls).toBe(2)
  })

  it('sends identical requests once, with a cache', async () => {
    const [provider, harbor] = await bulkClient({ cache: true })
    const requests = Array.from({ length: 20 }, (_, number) => ({
      ...chat(number % 4),
      custom_id: `${number}`,
    }))
    const results = await all(harbor.bulk(requests))
    expect(results).toHaveLength(20)
    expect(provider.counts().calls).toBe(4)
  })

  it('continues after an interruption: requests with an answer are not sent again', async () => {
    const [provider, harbor] = await bulkClient()
    const options = { journal: join(folder(), 'answers.jsonl'), concurrency: 4, fingerprint: 'v1' }
    const first = harbor.bulk(chats(40), options)
    const begun: string[] = []
    for await (const { id } of first) {
      begun.push(id)
      if (begun.length === 10) break
    }
    const second = harbor.bulk(chats(40), options)
    const results = await all(second)
    expect(idsOf(results)).toEqual(idsTo(40))
    const resumed = results.filter((result) => result.resumed)
    expect(resumed.length).toBeGreaterThanOrEqual(10)
    expect(provider.counts().calls).toBeLessThanOrEqual(40 + 4)
    const other = harbor.bulk(chats(40), { ...options, fingerprint: 'v2' })
    expect(await failureOf(all(other))).toMatchObject({ code: 'fingerprint_mismatch' })
  })

  it('ends with the error of the spend limit, and continues with a higher one', async () => {
    const [, harbor] = await bulkClient({ spendLimit: { usd: 5, per: 'total' } })
    const journal = join(folder(), 'answers.jsonl')
    const answered: string[] = []
    const run = harbor.bulk(chats(200), { journal, concurrency: 2 })
    const error = await failureOf(
      (async () => {
        for await (const { id, ok } of run) if (ok) answered.push(id)
      })(),
    )
    expect(error).toMatchObject({ status: 402, code: 'spend_limit' })
    expect(answered.length).toBeGreaterThan(0)
    harbor.configure({ spendLimit: false })
    const results = await all(harbor.bulk(chats(200), { journal }))
    expect(results.filter(({ resumed }) => resumed)).toHaveLength(answered.length)
    expect(idsOf(results)).toEqual(idsTo(200))
  })

  it('reports a request that fails, and continues', async () => {
    const [, harbor] = await bulkClient(
      {},
      { rules: [{ when: { says: 'Question 3?' }, fault: status(400) }] },
    )
    const streamed = { body: { model: 'gpt-4', messages: [], stream: true } } as BulkRequest
    const results = await all(harbor.bulk([...chats(6), streamed, {} as BulkRequest]))
    const failed = results.filter(({ ok }) => !ok).toSorted((a, b) => a.id.localeCompare(b.id))
    expect(failed).toMatchObject([
      { id: '6', error: { option: 'stream' } },
      { id: '7', error: { option: 'body' } },
      { id: 'q-3', error: { status: 400 } },
    ])
    expect(results).toHaveLength(8)
  })

  it('ends at once when it is aborted, and its calls with it', async () => {
    const [provider, harbor] = await bulkClient({}, { latency: 500 })
    const leaving = new AbortController()
    const failing = failureOf(all(harbor.bulk(chats(10), { signal: leaving.signal, concurrency: 5 })))
    while (provider.counts().calls < 5) await new Promise((resolve) => setTimeout(resolve, 1))
    leaving.abort(new Error('enough'))
    expect(await failing).toMatchObject({ message: 'enough' })
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 5, aborts: 5 })
  })

  it('sends nothing for items aborted while they wait for their turn', async () => {
    const [provider, harbor] = await bulkClient()
    const run = harbor.bulk(chats(10))
    const failing = failureOf(all(run))
    run.abort(new Error('enough'))
    expect(await failing).toMatchObject({ message: 'enough' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(provider.counts().calls).toBeLessThanOrEqual(1)
  })

  it.each<[HarborBulkOptions, RegExp]>([
    [{ concurrency: 0 }, /concurrency must be/],
    [{ via: 'pigeon' as 'direct' }, /via must be one of direct, provider, auto, got/],
    [{ providerBatch: {} }, /providerBatch has no effect with via: 'direct'/],
    [{ via: 'provider', order: 'input' }, /order has no effect with via: 'provider'/],
    [{ via: 'provider', providerBatch: { pollMs: -1 } }, /pollMs must be/],
    [{ speed: 5 } as HarborBulkOptions, /speed/],
  ])('rejects options that make no sense: %j', async (options, message) => {
    const [, harbor] = await bulkClient()
    expect(() => harbor.bulk([], options)).toThrow(message)
  })
})

describe("a bulk run through the provider's Batch API", () => {
  const QUICK_POLL = { pollMs: 5, maxPollMs: 20 }

  it('returns the same answers for half the price', async () => {
    const [provider, harbor] = await bulkClient()
    const direct = await all(harbor.bulk(chats(12)))
    const full = harbor.stats().cost.spentUsd
    provider.reset()
    const run = harbor.bulk(chats(12), { via: 'provider', providerBatch: QUICK_POLL })
    const batched = await all(run)
    expect((await run.summary).tokens).toEqual(provider.counts().batches.tokens)
    const text = (results: BulkResult<BulkAnswer>[]): unknown[] =>
      results
        .toSorted((a, b) => a.id.localeCompare(b.id))
        .map((result) => result.ok && (result.value.body as { choices: unknown }).choices)
    expect(text(batched)).toEqual(text(direct))
    expect(batched.every((result) => result.ok && result.value.target === 'openai/gpt-4')).toBe(true)
    expect(provider.counts().byOperation.chat ?? 0).toBe(0)
    const { spentUsd, savedByBatchUsd } = harbor.stats().cost
    expect(spentUsd - full).toBeCloseTo(full / 2, 9)
    expect(savedByBatchUsd).toBeCloseTo(full / 2, 9)
  })

  it('continues after an interruption, and submits nothing twice', async () => {
    const [provider, harbor] = await bulkClient({}, { batches: { runMs: 60 } })
    const journal = join(folder(), 'answers.jsonl')
    const options = { via: 'provider', journal, providerBatch: QUICK_POLL } as const
    const first = harbor.bulk(chats(5), options)
    const failing = failureOf(all(first))
    const submitted = (): boolean =>
      existsSync(`${journal}.batches`) && readFileSync(`${journal}.batches`, 'utf8').includes('batch_')
    while (!submitted()) await new Promise((resolve) => setTimeout(resolve, 2))
    first.abort(new Error('the power went'))
    expect(await failing).toMatchObject({ message: 'the power went' })
    const results = await all(harbor.bulk(chats(5), options))
    expect(idsOf(results)).toEqual(idsTo(5))
    expect(provider.counts().batches.created).toBe(1)
  })

  it('submits only the failures of a finished run again', async () => {
    const rules = [{ when: { batch: 1 }, fault: { type: 'errors', share: 0.5 } }]
    const [provider, harbor] = await bulkClient({}, { batches: { rules } })
    const options = {
      via: 'provider',
      journal: join(folder(), 'a.jsonl'),
      providerBatch: QUICK_POLL,
    } as const
    const first = await all(harbor.bulk(chats(8), options))
    expect(first.filter(({ ok }) => !ok)).toHaveLength(4)
    const second = harbor.bulk(chats(8), options)
    expect(idsOf(await all(second))).toEqual(idsTo(8))
    expect(await second.summary).toMatchObject({ ok: 4, failed: 0, resumed: 4 })
    expect(provider.counts().batches).toMatchObject({ created: 2, lines: 12 })
    expect(await harbor.bulk(chats(8), options).summary).toMatchObject({ ok: 0, failed: 0, resumed: 8 })
    expect(provider.counts().batches.created).toBe(2)
  })

  it('rejects a duplicate id, in whichever file, or leaves it out', async () => {
    const [provider, harbor] = await bulkClient()
    const twice = [...chats(4), chat(1)]
    const small = { ...QUICK_POLL, maxRequests: 2 }
    const run = harbor.bulk(twice, { via: 'provider', providerBatch: small })
    expect(await failureOf(all(run))).toMatchObject({ code: 'duplicate_id', firstIndex: 1, index: 4 })
    provider.reset()
    const skipping = harbor.bulk(twice, { via: 'provider', providerBatch: small, onDuplicateId: 'skip' })
    expect(idsOf(await all(skipping))).toEqual(idsTo(4))
    expect(await skipping.summary).toMatchObject({ ok: 4, skipped: 1 })
    expect(skipping.progress()).toMatchObject({ read: 5, ok: 4, skipped: 1, queued: 0, inFlight: 0 })
    expect(provider.counts().batches).toMatchObject({ created: 2, lines: 4 })
  })

  it('has unlocked its state when it ends, however it ends', async () => {
    const [provider, harbor] = await bulkClient({}, { batches: { runMs: 60_000 } })
    const journal = join(folder(), 'answers.jsonl')
    const options = { via: 'provider', journal, providerBatch: { pollMs: 60_000 } } as const
    const ends: ((run: BulkRun<BulkAnswer>) => unknown)[] = [
      (run) => run.abort(new Error('enough')),
      (run) => run.stop(),
      (run) => run.stop(new Error('enough')),
    ]
    for (const end of ends) {
      const run = harbor.bulk(chats(2), options)
      const ended = all(run).catch(() => undefined)
      const isSubmitted = (): boolean =>
        existsSync(`${journal}.batches`) && readFileSync(`${journal}.batches`, 'utf8').includes('batch_')
      while (!isSubmitted()) await new Promise((resolve) => setTimeout(resolve, 2))
      end(run)
      await ended
      expect(existsSync(`${journal}.batches.lock`)).toBe(false)
      expect(existsSync(`${journal}.lock`)).toBe(false)
    }
    expect(provider.counts().batches.created).toBe(1)
  })

  it('ends without waiting for the provider when its loop is left', async () => {
    const [, harbor] = await bulkClient({}, { batches: { runMs: 60_000 } })
    const run = harbor.bulk(chats(5), { via: 'provider', providerBatch: { pollMs: 60_000 } })
    const iterator = run[Symbol.asyncIterator]()
    const pending = iterator.next()
    await new Promise((resolve) => setTimeout(resolve, 50))
    await iterator.return?.()
    expect(await pending).toMatchObject({ done: true })
  })

  it('waits for the batch, and not for its source, while a batch is pending, and knows no time left', async () => {
    const [provider, harbor] = await bulkClient({}, { batches: { runMs: 60_000 } })
    const opened = Promise.withResolvers<undefined>()
    async function* source(): AsyncGenerator<BulkRequest> {
      yield chat(0)
      await opened.promise
      yield chat(1)
    }
    const run = harbor.bulk(source(), { via: 'provider', total: 2, providerBatch: { pollMs: 60_000 } })
    const iterator = run[Symbol.asyncIterator]()
    const pending = iterator.next()
    while (run.progress().waitingOn === undefined) await new Promise((resolve) => setImmediate(resolve))
    expect(run.progress()).toMatchObject({ waitingOn: 'source' })
    opened.resolve(undefined)
    while (provider.counts().batches.created === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(run.progress()).toMatchObject({ waitingOn: 'batch', etaMs: undefined })
    await iterator.return?.()
    expect(await pending).toMatchObject({ done: true })
  })

  it('rejects a request for another endpoint', async () => {
    const [, harbor] = await bulkClient()
    const mixed: BulkRequest[] = [chat(0), { url: '/v1/responses', body: { model: 'gpt-4', input: 'One?' } }]
    const run = harbor.bulk(mixed, { via: 'provider', providerBatch: QUICK_POLL })
    expect(await failureOf(all(run))).toMatchObject({ option: 'url' })
  })
})
