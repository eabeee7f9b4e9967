import { getEventListeners } from 'node:events'
import { startSimulator, type Rule } from '@harbor/simulator'
import { expect, it } from 'vitest'
import { Harbor } from '../src/index.ts'
import { Workers } from './workers.ts'

const CALLS = 200_000
const WARM_UP = 20_000
/** More than the cache holds, so that entries come and go. */
const QUESTIONS = 400
const FAULTS: Rule[] = [
  { when: { probability: 0.02 }, fault: { type: 'status', status: 500 } },
  { when: { probability: 0.01 }, fault: { type: 'status', status: 429, retryAfter: 2 } },
  { when: { probability: 0.01 }, fault: { type: 'reset', when: 'before-headers' } },
  { when: { probability: 0.02, stream: true }, fault: { type: 'stream-cut', afterEvents: 5 } },
]

/** JSON, streams that are read or left, and embeddings, of which every ninth is aborted on its way. */
async function call(harbor: Harbor, number: number, shared: AbortSignal): Promise<void> {
  const own = new AbortController()
  const signal = number % 9 === 0 ? own.signal : shared
  const leaving = number % 9 === 0 ? setTimeout(() => own.abort(), number % 5) : undefined
  // Some are asked much more often than others.
  const rank = ((number * 7_919) % 1_009) / 1_009
  const content = `Question ${Math.floor(rank ** 3 * QUESTIONS)}?`
  const question = { model: 'gpt-4', temperature: 0, messages: [{ role: 'user' as const, content }] }
  try {
    if (number % 4 === 0) {
      await harbor.embeddings.create({ model: 'text-embedding-3-small', input: content }, { signal })
    } else if (number % 4 === 1) {
      const stream = await harbor.chat.completions.create({ ...question, stream: true }, { signal })
      let chunks = 0
      for await (const chunk of stream) {
        expect(chunk.choices).toBeDefined()
        if (number % 12 === 1 && ++chunks === 4) break
      }
    } else {
      await harbor.chat.completions.create(question, { signal })
    }
  } finally {
    clearTimeout(leaving)
  }
}

it(`${CALLS} calls that share answers, limits and batches, under faults and aborts, leave nothing behind`, async () => {
  await using simulator = await startSimulator({ providers: { openai: { rules: FAULTS } } })
  const provider = simulator.provider()
  await using harbor = new Harbor({
    apiKey: 'test-key',
    baseURL: provider.baseURL,
    cache: { maxEntries: QUESTIONS / 2, ttlMs: 50, staleIfErrorMs: 0 },
    embeddingBatch: { maxBatchSize: 8, maxWaitMs: 1 },
    limits: { requestsPerMinute: 6_000_000, maxConcurrency: 32 },
    retry: { baseDelayMs: 1, maxDelayMs: 5 },
    logLevel: 'off',
  })
  const { signal } = new AbortController()
  const workers = new Workers([provider], (number) => call(harbor, number, signal))

  const before = await workers.run(WARM_UP)
  const after = await workers.run(CALLS)
  const { started, aborted, failed } = workers
  const { calls, attempts, cache, limits, embeddingBatch, pool } = harbor.stats()
  const { hits, shared, misses, inFlight } = cache
  console.log({ calls, attempts, aborted, failed, hits, shared, misses, heapMegabytes: { before, after } })

  expect(failed / started).toBeLessThan(0.02)
  expect(hits + shared).toBeGreaterThan(started / 10)
  expect(after - before).toBeLessThan(2)
  expect(inFlight).toBe(0)
  for (const { rate, concurrency } of Object.values(limits)) {
    expect([rate.inFlight, rate.waiting, concurrency?.inFlight, concurrency?.waiting]).toEqual([0, 0, 0, 0])
  }
  expect(embeddingBatch).toMatchObject({ pending: 0, queuedItems: 0, runningBatches: 0 })
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(Object.values(pool).map(({ busy, queued }) => busy + queued)).toEqual([0])
})
