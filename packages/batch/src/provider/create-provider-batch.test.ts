import { mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator, type ProviderScript } from '@harbor/simulator'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { requests } from '../../test/provider-requests.ts'
import { RequestTooLargeError } from '../request-too-large-error.ts'
import { BatchItemError } from './batch-item-error.ts'
import { BatchStateError } from './batch-state-error.ts'
import type { ProviderBatchClient } from './client.ts'
import type { ProviderBatchResult } from './contracts.ts'
import { createProviderBatch } from './create-provider-batch.ts'
import type { ProviderBatchOptions, ProviderBatchRequest } from './options.ts'
import type { RequestSource } from './shard-source.ts'
import { memoryState, type BatchStateStore, type StateRecord } from './state-store.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
const folder = mkdtempSync(join(tmpdir(), 'harbor-'))
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await simulator.close()
})
beforeEach(() => {
  provider.script({})
  provider.reset()
})

/** The time of this machine, but nobody waits longer than 5 ms. */
const waits: number[] = []
const hasty = {
  now: () => performance.now(),
  sleep: (ms: number) => {
    waits.push(ms)
    return new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 5)))
  },
}

const batchOf = (options: Partial<ProviderBatchOptions> = {}) =>
  createProviderBatch({ client, endpoint: '/v1/embeddings', clock: hasty, ...options })

type Result = ProviderBatchResult<{ data: unknown[] }>

async function all(source: RequestSource, options: Partial<ProviderBatchOptions> = {}): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of batchOf(options).run<{ data: unknown[] }>(source)) results.push(result)
  return results
}

const idsOf = (results: readonly { id: string }[]) => results.map(({ id }) => id).sort()
const reasons = (results: readonly Result[]) =>
  results.map((result) =>
    result.ok ? 'ok' : BatchItemError.is(result.error) ? result.error.reason : result.error.code,
  )
/** How many results of each kind there are. */
function count(results: readonly Result[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const reason of reasons(results)) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}

/** What the uploaded files say, as the provider has them, the oldest first. */
async function uploads(): Promise<string[][]> {
  const files = []
  for await (const { id } of client.files.list({ purpose: 'batch', order: 'asc' })) files.push(id)
  return Promise.all(
    files.map(async (id) => {
      const text = await (await client.files.content(id)).text()
      return text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id)
    }),
  )
}

const script = (batches: ProviderScript['batches'], rules: ProviderScript['rules'] = []) =>
  provider.script({ batches, rules })

describe('a run', () => {
  it('gives each request its own answer by custom_id, though the output is shuffled', async () => {
    const results = await all(requests(30))
    expect(results.map(({ id }) => id)).not.toEqual(requests(30).map(({ id }) => id))
    expect(idsOf(results)).toEqual(idsOf(requests(30)))
    const one = results.find(({ id }) => id === 'id-7')
    const { data } = await client.embeddings.create(requests(30)[7]?.body as OpenAI.EmbeddingCreateParams)
    expect(one).toMatchObject({ ok: true, round: 0, value: { data: [{ object: 'embedding' }] } })
    const direct = await client.embeddings.create({
      ...(requests(30)[7]?.body as OpenAI.EmbeddingCreateParams),
      encoding_format: 'float',
    })
    expect(one?.ok && one.value.data).toEqual(direct.data)
    expect(data).toHaveLength(1)
  })

  it('fits the SDK’s client by its types', () => {
    expectTypeOf<OpenAI>().toExtend<ProviderBatchClient>()
  })

  it('takes requests from an async source, no further than the file it fills', async () => {
    let read = 0
    async function* source(): AsyncGenerator<ProviderBatchRequest> {
      for (const request of requests(100)) {
        read++
        yield request
      }
    }
    script({ runMs: 60_000 })
    const run = batchOf({ maxRequests: 10, maxActiveBatches: 2 }).run(source())
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await vi.waitUntil(() => provider.counts().batches.created === 2)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(read).toBeLessThanOrEqual(21)
    expect(run.progress()).toMatchObject({ submitted: 20, activeBatches: 2 })
    await run.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
  })

  it('counts', async () => {
    script({ rules: [{ fault: { type: 'errors', share: 0.2 } }] })
    const run = batchOf({ maxRequests: 5 }).run(requests(10))
    for await (const _ of run);
    expect(run.progress()).toEqual({
      read: 10,
      skipped: 0,
      submitted: 10,
      succeeded: 8,
      failed: 2,
      resubmitted: 0,
      activeBatches: 0,
      endedBatches: 2,
    })
    expect(() => run[Symbol.asyncIterator]()).toThrow('a run can be iterated once')
  })

  it('of nothing gives nothing', async () => {
    expect(await all([])).toEqual([])
    expect(provider.counts().calls).toBe(0)
  })

  it('reads a result file no further than its results are taken', async () => {
    let written = 0
    const slow = fake({ onUpload: () => undefined, onLine: () => written++ })
    for await (const { id } of batchOf({ client: slow }).run(requests(1_000))) {
      if (id === 'id-9') break
    }
    expect(written).toBeLessThanOrEqual(11)
  })

  it('closes its source when it is left early', async () => {
    let closed = false
    function* source(): Generator<ProviderBatchRequest> {
      try {
        yield* requests(100)
      } finally {
        closed = true
      }
    }
    for await (const _ of batchOf({ maxRequests: 10, maxActiveBatches: 1 }).run(source())) break
    expect(closed).toBe(true)
  })

  it('refuses requests that are none', async () => {
    await expect(all([{ id: '', body: {} }])).rejects.toThrow('id of a request must be a string')
    await expect(all([{ id: 'a' }] as never)).rejects.toThrow('body of a request must be an object')
    await expect(all([null] as never)).rejects.toThrow('a request must be { id, body }, got null')
  })
})

describe('shards', () => {
  it('120,000 requests are 3 files', async () => {
    const made: number[] = []
    const counting = fake({ onUpload: (lines) => made.push(lines) })
    function* many(): Generator<ProviderBatchRequest> {
      for (let index = 0; index < 120_000; index++) yield { id: `${index}`, body: { input: 'x' } }
    }
    let results = 0
    for await (const { ok } of batchOf({ client: counting }).run(many())) if (ok) results++
    expect(made).toEqual([50_000, 50_000, 20_000])
    expect(results).toBe(120_000)
  })

  it('250 MB are 2 files, neither larger than 200 MB', async () => {
    const sizes: number[] = []
    const input = 'x'.repeat(999_900)
    function* large(): Generator<ProviderBatchRequest> {
      for (let index = 0; index < 250; index++) yield { id: `${index}`, body: { input } }
    }
    const sizing = fake({ onUpload: (_, bytes) => sizes.push(bytes) })
    for await (const { ok } of batchOf({ client: sizing }).run(large())) expect(ok).toBe(true)
    expect(sizes).toHaveLength(2)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200_000_000)
    expect(Math.max(...sizes)).toBeGreaterThan(198_000_000)
  })

  it('are cut by count, bytes and tokens, and every request is in one of them', async () => {
    await all(requests(25), { maxRequests: 10 })
    expect((await uploads()).map((ids) => ids.length)).toEqual([10, 10, 5])
    provider.reset()
    const [one] = requests(1)
    const bytes =
      JSON.stringify({ custom_id: one?.id, method: 'POST', url: '/v1/embeddings', body: one?.body }).length +
      1
    await all(requests(10), { maxBytes: 3 * bytes })
    expect((await uploads()).map((ids) => ids.length)).toEqual([3, 3, 3, 1])
    provider.reset()
    const results = await all(requests(10), { enqueuedTokens: 45, tokensOf: () => 10 })
    expect((await uploads()).map((ids) => ids.length)).toEqual([4, 4, 2])
    expect(idsOf(results)).toEqual(idsOf(requests(10)))
  })

  it('wait for room when so many tokens are enqueued', async () => {
    script({ runMs: 30, enqueuedTokens: 200 })
    const results = await all(requests(100), { maxRequests: 20, enqueuedTokens: 100, tokensOf: () => 4 })
    expect(count(results)).toEqual({ ok: 100 })
    expect((await client.batches.list()).data.map(({ status }) => status)).not.toContain('failed')
  })

  it('leave out, and report, a request that is larger than any file', async () => {
    const source = [...requests(2), { id: 'large', body: { model: 'm', input: 'x'.repeat(2_000) } }]
    const results = await all(source, { maxBytes: 1_000 })
    expect(count(results)).toEqual({ ok: 2, request_too_large: 1 })
    const large = results.find(({ id }) => id === 'large')
    expect(large && !large.ok && RequestTooLargeError.is(large.error) && large.error.limit).toBe(1_000)
  })
})

describe('what was not answered', () => {
  it('because the batch expired with 1 of 10 done: 1 is kept, 9 are submitted again', async () => {
    script({ rules: [{ when: { batch: 1 }, fault: { type: 'expire', answered: 0.1 } }] })
    const results = await all(requests(10))
    expect(count(results)).toEqual({ ok: 10 })
    expect(results.map(({ round }) => round)).toEqual([0, ...Array.from({ length: 9 }, () => 1)])
    const [first, second] = await uploads()
    expect(first).toHaveLength(10)
    expect(second).toHaveLength(9)
    expect(second).not.toContain(results[0]?.id)
    expect(provider.counts().batches).toMatchObject({ created: 2, lines: 10 })
  })

  it('because the batch vanished is submitted again', async () => {
    script({ runMs: 500, rules: [{ when: { batch: 1 }, fault: { type: 'vanish', afterMs: 20 } }] })
    const results = await all(requests(5))
    expect(results.map(({ ok, round }) => [ok, round])).toEqual(Array.from({ length: 5 }, () => [true, 1]))
  })

  it('and is in no file is reported as missing, never dropped', async () => {
    script({ rules: [{ fault: { type: 'lose', share: 0.5 } }] })
    const results = await all(requests(16), { maxResubmits: 2 })
    expect(idsOf(results)).toEqual(idsOf(requests(16)))
    expect(count(results)).toEqual({ ok: 14, missing: 2 })
    expect(results.filter(({ ok }) => !ok).map(({ round }) => round)).toEqual([2, 2])
  })

  it('and keeps expiring is reported as expired', async () => {
    script({ rules: [{ fault: { type: 'expire', answered: 0 } }] })
    expect(count(await all(requests(4), { maxResubmits: 1 }))).toEqual({ expired: 4 })
    expect(provider.counts().batches.created).toBe(2)
  })

  it('because somebody cancelled the batch is reported, and not submitted again', async () => {
    script({ runMs: 60_000 })
    const results = all(requests(4))
    await vi.waitUntil(() => provider.counts().batches.created === 1)
    const [batch] = (await client.batches.list()).data
    await client.batches.cancel(batch?.id ?? '')
    expect(count(await results)).toEqual({ cancelled: 4 })
    expect(provider.counts().batches.created).toBe(1)
  })
})

describe('errors', () => {
  it('of a batch that completed with no output file are item errors, not an empty success', async () => {
    script({ rules: [{ fault: { type: 'errors', share: 1, status: 400, code: 'bad' } }] })
    const results = await all(requests(6))
    expect(count(results)).toEqual({ answered: 6 })
    expect(results[0]).toMatchObject({
      ok: false,
      error: { status: 400, providerCode: 'bad', code: 'batch_item' },
    })
    const [result] = results
    expect(result && !result.ok && result.error.message).toBe(
      'the provider answered this request with an error: 400 bad',
    )
  })

  it('of one request are its own', async () => {
    script({ rules: [{ fault: { type: 'errors', share: 0.25 } }] })
    expect(count(await all(requests(8)))).toEqual({ ok: 6, answered: 2 })
  })

  it('of a whole batch are told of each of its requests', async () => {
    script({ rules: [{ fault: { type: 'fail', code: 'model_not_found' } }] })
    const results = await all(requests(3))
    expect(count(results)).toEqual({ 'batch-failed': 3 })
    expect(results[0]).toMatchObject({ error: { providerCode: 'model_not_found' } })
  })

  it('of calls that may pass are tried again; of those that will not, the run ends with', async () => {
    script({}, [
      { when: { call: [1, 3, 5, 6] }, fault: { type: 'status', status: 503 } },
      { when: { call: 8 }, fault: { type: 'reset' } },
    ])
    expect(count(await all(requests(3)))).toEqual({ ok: 3 })
    expect(provider.counts().batches.created).toBe(1)
    provider.script({ apiKeys: ['other'] })
    await expect(all(requests(3))).rejects.toMatchObject({ status: 401 })
  })

  it('in the middle of a file: it is read again, and nothing comes twice', async () => {
    script({}, [
      {
        when: { method: 'GET', path: '/content', probability: 0.5 },
        fault: { type: 'stream-cut', afterEvents: 0, inside: true },
      },
    ])
    const results = await all(requests(2_000), { maxRequests: 500 })
    expect(idsOf(results)).toEqual(idsOf(requests(2_000)))
    expect(provider.counts().faults['stream-cut']).toBeGreaterThan(0)
  })

  it('end with the last one when they do not pass', async () => {
    script({}, [{ when: { method: 'GET' }, fault: { type: 'status', status: 503 } }])
    waits.length = 0
    await expect(
      all(requests(1), { maxCallAttempts: 3, random: () => 0.5, pollMs: 10 }),
    ).rejects.toMatchObject({ status: 503 })
    expect(waits).toEqual([10, 1_000, 2_000])
  })

  it('end with the first one when the client is closed, which answers nothing more', async () => {
    script({}, [{ when: { method: 'GET' }, fault: { type: 'status', status: 503, code: 'client_closed' } }])
    waits.length = 0
    await expect(all(requests(1), { random: () => 0.5, pollMs: 10 })).rejects.toMatchObject({
      code: 'client_closed',
    })
    expect(waits).toEqual([10])
  })
})

it('after token_limit_exceeded waits, and tries again with less', async () => {
  script({ enqueuedTokens: 30, runMs: 20 })
  waits.length = 0
  const results = await all(requests(40), { tokenLimitWaitMs: 40 })
  expect(count(results)).toEqual({ ok: 40 })
  const sizes = (await uploads()).map((ids) => ids.length)
  expect(sizes.slice(0, 2)).toEqual([40, 20])
  expect(Math.min(...sizes)).toBeLessThanOrEqual(10)
  // Those that fit, in a row, and none of them twice.
  expect(provider.counts().batches.lines).toBe(40)
})

it('reports a request that has more tokens than may ever be enqueued', async () => {
  script({ enqueuedTokens: 1 })
  const results = await all(requests(2), { tokenLimitWaitMs: 1, maxResubmits: 1 })
  expect(count(results)).toEqual({ 'batch-failed': 2 })
  expect(results[0]).toMatchObject({ error: { providerCode: 'token_limit_exceeded' } })
})

describe('a crash', () => {
  /** A store that fails, as if the process had gone, when a record is to be appended for the nth time. */
  function crashing(store: BatchStateStore, type: StateRecord['type'], nth = 1): BatchStateStore {
    let times = 0
    return {
      read: () => store.read(),
      append: async (record) => {
        if (record.type === type && ++times === nth) throw new Error('crash')
        await store.append(record)
      },
    }
  }

  it.each([
    ['before the first upload', 'part', 1],
    ['while uploading', 'uploaded', 1],
    ['between upload and create, and after create', 'created', 1],
    ['in the second part', 'created', 2],
    ['in the second upload', 'uploaded', 2],
    ['when a batch has ended', 'ended', 1],
    ['when another one has', 'ended', 3],
  ] as const)(
    '%s: no double submission on resume, and every request once in the results',
    async (_, type, nth) => {
      const state = memoryState()
      await expect(all(requests(25), { maxRequests: 10, state: crashing(state, type, nth) })).rejects.toThrow(
        'crash',
      )
      const results = await all(requests(25), { maxRequests: 10, state })
      expect(idsOf(results)).toEqual(idsOf(requests(25)))
      expect(provider.counts().batches).toMatchObject({ created: 3, lines: 25 })
    },
  )

  it('while what expired is submitted again submits nothing twice', async () => {
    for (const [type, nth] of [
      ['part', 2],
      ['uploaded', 2],
      ['created', 2],
      ['ended', 2],
    ] as const) {
      provider.reset()
      script({ rules: [{ when: { batch: 1 }, fault: { type: 'expire', answered: 0.5 } }] })
      const state = memoryState()
      await expect(all(requests(10), { state: crashing(state, type, nth) })).rejects.toThrow('crash')
      const results = await all(requests(10), { state })
      expect(idsOf(results)).toEqual(idsOf(requests(10)))
      expect(provider.counts().batches).toMatchObject({ created: 2, lines: 10 })
    }
  })

  it('of the connection, after which nobody knows whether the batch was created, submits nothing twice', async () => {
    script({}, [
      {
        when: { method: 'POST', path: '/batches' },
        fault: { type: 'sequence', faults: [{ type: 'stream-cut', afterEvents: 0 }] },
      },
    ])
    expect(count(await all(requests(5)))).toEqual({ ok: 5 })
    expect(provider.counts().batches.created).toBe(1)
  })

  it.each([
    ['created, and nobody heard of it', { type: 'stream-stall', afterEvents: 0 }, 1],
    ['not created', { type: 'hang' }, 0],
  ] as const)(
    'by kill -9 while a batch is being created (it was %s): submitted once',
    async (_, fault, created) => {
      const state = join(folder, `killed-${fault.type}.jsonl`)
      script({}, [{ when: { method: 'POST', path: '/batches' }, fault }])
      const fixture = new URL('../../test/fixtures/provider-batch.ts', import.meta.url).pathname
      const child = spawn(process.execPath, [
        '--conditions=@harbor/source',
        fixture,
        provider.baseURL,
        state,
        '15',
      ])
      const gone = new Promise((resolve) => child.once('exit', resolve))
      await vi.waitUntil(
        () => provider.requests().some(({ method, path }) => method === 'POST' && path === '/v1/batches'),
        {
          timeout: 15_000,
        },
      )
      child.kill('SIGKILL')
      await gone
      expect(provider.counts().batches.created).toBe(created)
      provider.script({})
      const results = await all(requests(15), { state, maxRequests: 10 })
      expect(idsOf(results)).toEqual(idsOf(requests(15)))
      expect(provider.counts().batches).toMatchObject({ created: 2, lines: 15 })
    },
  )

  it('leaves a torn last line, which is cut off', async () => {
    const state = join(folder, 'torn.jsonl')
    await all(requests(5), { state })
    const whole = readFileSync(state, 'utf8')
    appendFileSync(state, '{"type":"ended","part":"1"')
    expect(idsOf(await all(requests(5), { state }))).toEqual(idsOf(requests(5)))
    expect(readFileSync(state, 'utf8')).toBe(whole)
  })
})

describe('a finished run', () => {
  it('gives its results again, from the provider, without submitting anything', async () => {
    const state = memoryState()
    const source = [...requests(5), { id: 'large', body: { model: 'm', input: 'x'.repeat(2_000) } }]
    for (let run = 0; run < 2; run++) {
      const results = await all(source, { state, maxBytes: 1_000 })
      expect(count(results)).toEqual({ ok: 5, request_too_large: 1 })
    }
    expect(provider.counts().batches.created).toBe(1)
  })

  it('takes up what the source has more', async () => {
    const state = memoryState()
    await all(requests(5), { state })
    expect(idsOf(await all(requests(8), { state }))).toEqual(idsOf(requests(8)))
    expect((await uploads()).map((ids) => ids.length)).toEqual([5, 3])
  })

  it('refuses the state of other requests, and of another endpoint', async () => {
    const state = memoryState()
    const run = batchOf({ state, maxRequests: 2 }).run(requests(4))
    script({ runMs: 60_000 })
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await vi.waitUntil(() => provider.counts().batches.created === 2)
    await run.abort('enough')
    await expect(next).rejects.toBe('enough')
    const other = requests(4).map(({ id, body }) => ({ id: `other-${id}`, body }))
    await expect(all(other, { state, maxRequests: 2 })).rejects.toSatisfy(BatchStateError.is)
    await expect(all(requests(1), { state })).rejects.toThrow('the source has only 1 of them')
    await expect(all(requests(4), { state, endpoint: '/v1/responses' })).rejects.toThrow(
      'the state is of /v1/embeddings',
    )
    const broken = join(folder, 'broken.jsonl')
    writeFileSync(broken, 'no state\n')
    await expect(all(requests(4), { state: broken })).rejects.toThrow('holds no state of a batch')
  })
})

describe('an abort', () => {
  const submitted = async (options: { signal?: AbortSignal } = {}) => {
    script({ runMs: 60_000 })
    const run = batchOf({ maxRequests: 2, pollMs: 60_000 }).run(requests(4), options)
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await vi.waitUntil(() => provider.counts().batches.created === 2)
    return { run, next }
  }
  const statuses = async () => (await client.batches.list()).data.map(({ status }) => status)

  it('ends the iteration with its reason, and leaves the batches at the provider', async () => {
    const { run, next } = await submitted()
    const reason = new Error('enough')
    await run.abort(reason)
    await expect(next).rejects.toBe(reason)
    expect(await statuses()).toEqual(['in_progress', 'in_progress'])
  })

  it('cancels them when asked to', async () => {
    const { run, next } = await submitted()
    await run.abort(undefined, { cancelRemote: true })
    await expect(next).rejects.toMatchObject({ name: 'AbortError' })
    expect(await statuses()).toEqual(['cancelled', 'cancelled'])
  })

  it('cancels also one of which nobody has heard yet', async () => {
    script({ runMs: 60_000 }, [
      { when: { method: 'POST', path: '/batches' }, fault: { type: 'stream-stall', afterEvents: 0 } },
    ])
    const run = batchOf().run(requests(2))
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await vi.waitUntil(() => provider.counts().batches.created === 1)
    script({ runMs: 60_000 })
    await run.abort('enough', { cancelRemote: true })
    expect(await statuses()).toEqual(['cancelled'])
  })

  it('asks once to cancel a batch that has ended already', async () => {
    const patient = { now: () => performance.now(), sleep: () => new Promise<void>(() => undefined) }
    const run = batchOf({ clock: patient }).run(requests(2))
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await vi.waitUntil(() => run.progress().activeBatches === 1)
    await run.abort('enough', { cancelRemote: true })
    await expect(next).rejects.toBe('enough')
    expect(await statuses()).toEqual(['completed'])
  })

  it('does not wait for a source that is stuck', async () => {
    async function* stuck(): AsyncGenerator<ProviderBatchRequest> {
      yield* requests(3)
      await new Promise(() => undefined)
    }
    const run = batchOf().run(stuck())
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await vi.waitUntil(() => run.progress().read === 3)
    await run.abort('enough')
    await expect(next).rejects.toBe('enough')
  })

  it('comes from a signal as well, which keeps no listener', async () => {
    const controller = new AbortController()
    const add = vi.spyOn(controller.signal, 'addEventListener')
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const { next } = await submitted({ signal: controller.signal })
    controller.abort('enough')
    await expect(next).rejects.toBe('enough')
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length)
    const late = batchOf().run(requests(1), { signal: controller.signal })
    await expect(late[Symbol.asyncIterator]().next()).rejects.toBe('enough')
  })
})

it('looks less and less often while nothing changes, with jitter', async () => {
  script({ validatingMs: 10, runMs: 60_000 })
  waits.length = 0
  const run = batchOf({ pollMs: 1_000, maxPollMs: 3_000, random: () => 1 }).run(requests(1))
  const next = run[Symbol.asyncIterator]().next()
  next.catch(() => undefined)
  await vi.waitUntil(() => waits.length > 8)
  await run.abort('enough')
  expect(waits.slice(-4)).toEqual([3_750, 3_750, 3_750, 3_750])
  expect(waits).toContain(1_875)
})

it.each([
  [{ client: {} }, 'client must be a client with files and batches, got an object'],
  [{ client: undefined }, 'client must be a client with files and batches, got undefined'],
  [{ endpoint: '/v1/moon' }, 'endpoint must be one of "/v1/chat/completions"'],
  [{ maxRequest: 5 }, 'unknown option maxRequest; did you mean maxRequests?'],
  [{ maxResubmits: -1 }, 'maxResubmits must be a whole number of at least 0, got -1'],
  [{ state: '' }, 'state must be the path of a file or a store with read and append, got an empty string'],
])('refuses %j', (options, message) => {
  expect(() => batchOf(options as Partial<ProviderBatchOptions>)).toThrow(message)
  expect(() => batchOf().run(5 as never)).toThrow('requests must be iterable, got 5')
})

/** A client whose batches are answered at once, and which keeps no more of a file than its ids. */
function fake({
  onUpload,
  onLine,
}: {
  onUpload: (lines: number, bytes: number) => void
  onLine?: () => void
}): ProviderBatchClient {
  const files: string[][] = []
  const encoder = new TextEncoder()
  const batch = (id: string) => ({
    id,
    status: 'completed',
    created_at: 0,
    output_file_id: id,
    error_file_id: null,
  })
  return {
    files: {
      async create({ file }) {
        const ids: string[] = []
        let tail = ''
        for await (const chunk of file.stream().pipeThrough(new TextDecoderStream())) {
          const lines = (tail + chunk).split('\n')
          tail = lines.pop() ?? ''
          for (const line of lines) ids.push(/^{"custom_id":"([^"]*)"/.exec(line)?.[1] ?? '')
        }
        onUpload(ids.length, file.size)
        files.push(ids)
        return { id: String(files.length - 1) }
      },
      async content(id) {
        const ids = files[Number(id)] ?? []
        async function* body(): AsyncGenerator<Uint8Array> {
          for (const custom_id of ids) {
            onLine?.()
            yield encoder.encode(
              `${JSON.stringify({ custom_id, response: { status_code: 200, body: {} } })}\n`,
            )
          }
        }
        return { body: body() }
      },
    },
    batches: {
      create: async ({ input_file_id }) => batch(input_file_id),
      retrieve: async (id) => batch(id),
      cancel: async (id) => batch(id),
      list: () => (async function* () {})(),
    },
  }
}
