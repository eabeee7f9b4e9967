import OpenAI from 'openai'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { requests } from '../../../test/provider-requests.ts'
import { RequestTooLargeError } from '../../errors.ts'
import type { ProviderBatchClient } from './client.ts'
import type { ProviderBatchRequest } from '../contracts.ts'
import type { ProviderBatchOptions } from './options.ts'
import {
  provider,
  client,
  waits,
  batchOf,
  all,
  idsOf,
  count,
  uploads,
  script,
  fake,
} from '../../../test/provider-batch.ts'

describe('a run through the Batch API', () => {
  it('returns each request its own answer by custom_id, even if the output is shuffled', async () => {
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

  it('accepts the SDK’s client by its types', () => {
    expectTypeOf<OpenAI>().toExtend<ProviderBatchClient>()
  })

  it('reads an async source no further than the file it fills', async () => {
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
    await expect.poll(() => provider.counts().batches.created).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(read).toBeLessThanOrEqual(21)
    expect(run.progress()).toMatchObject({ submitted: 20, activeBatches: 2 })
    await run.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
  })

  it('counts its requests, results and batches', async () => {
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

  it('returns nothing for an empty source', async () => {
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

  it('rejects values that are not requests', async () => {
    await expect(all([{ id: '', body: {} }])).rejects.toThrow('id of a request must be a string')
    await expect(all([{ id: 'a' }] as never)).rejects.toThrow('body of a request must be an object')
    await expect(all([null] as never)).rejects.toThrow('a request must be { id, body }, got null')
  })
})

describe('the files of a run', () => {
  it('are 3 for 120,000 requests', async () => {
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

  it('are 2 for 250 MB, neither larger than 200 MB', async () => {
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

  it('are split by count, bytes and tokens, and every request is in one of them', async () => {
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

  it('wait for room when enqueuedTokens are enqueued', async () => {
    script({ runMs: 30, enqueuedTokens: 200 })
    const results = await all(requests(100), { maxRequests: 20, enqueuedTokens: 100, tokensOf: () => 4 })
    expect(count(results)).toEqual({ ok: 100 })
    expect((await client.batches.list()).data.map(({ status }) => status)).not.toContain('failed')
  })

  it('leave out a request that is larger than a file may be, which is reported', async () => {
    const source = [...requests(2), { id: 'large', body: { model: 'm', input: 'x'.repeat(2_000) } }]
    const results = await all(source, { maxBytes: 1_000 })
    expect(count(results)).toEqual({ ok: 2, request_too_large: 1 })
    const large = results.find(({ id }) => id === 'large')
    expect(large && !large.ok && RequestTooLargeError.is(large.error) && large.error.limit).toBe(1_000)
  })
})

it('a run polls less and less often while nothing changes, with jitter', async () => {
  script({ validatingMs: 10, runMs: 60_000 })
  waits.length = 0
  const run = batchOf({ pollMs: 1_000, maxPollMs: 3_000, random: () => 1 }).run(requests(1))
  const next = run[Symbol.asyncIterator]().next()
  next.catch(() => undefined)
  await expect.poll(() => waits.length).toBeGreaterThan(8)
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
])('createProviderBatch rejects %j', (options, message) => {
  expect(() => batchOf(options as Partial<ProviderBatchOptions>)).toThrow(message)
  expect(() => batchOf().run(5 as never)).toThrow('requests must be iterable, got 5')
})
