import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBatcher } from './create-batcher.ts'
import type { BatcherOptions } from './options.ts'

interface Item {
  id: number
  partition: string
  bytes: number
  key: string
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      partition: fc.constantFrom('a', 'b', 'c'),
      bytes: fc.integer({ min: 0, max: 12 }),
      key: fc.integer({ min: 0, max: 20 }),
      priority: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('finish' as const), which: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), which: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wrong' as const), which: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 150 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
)

const settings = fc.record<BatcherOptions<Item>>({
  maxBatchSize: fc.integer({ min: 1, max: 4 }),
  maxWaitMs: fc.constantFrom(0, 100, Infinity),
  maxConcurrentBatches: fc.integer({ min: 1, max: 3 }),
  maxBatchBytes: fc.constantFrom(undefined, 10),
  maxQueueItems: fc.integer({ min: 1, max: 8 }),
  maxQueueBytes: fc.constantFrom(undefined, 20),
  whenFull: fc.constantFrom('wait', 'reject'),
  onBatchError: fc.constantFrom('reject-all', 'bisect'),
  eager: fc.boolean(),
  key: fc.constantFrom(undefined, (item: Item) => item.key),
  partition: fc.constantFrom(undefined, (item: Item) => item.partition),
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a batcher, whatever happens to it', () => {
  it('stays within its limits, counts everything once, and settles every add', async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom('drain', 'abort'),
        async (options, steps, mode) => {
          const calls = new Set<{ items: readonly Item[]; end: (how: 'finish' | 'fail' | 'wrong') => void }>()
          const {
            maxBatchSize = 0,
            maxConcurrentBatches = 0,
            maxBatchBytes = Infinity,
            maxQueueBytes = Infinity,
          } = options
          const batches: (readonly Item[])[] = []
          const batcher = createBatcher<Item, string>(
            (items) => {
              batches.push(items)
              return new Promise((resolve, reject) => {
                const call = {
                  items,
                  end: (how: 'finish' | 'fail' | 'wrong') => {
                    calls.delete(call)
                    if (how === 'fail') reject(new Error('failed'))
                    else resolve(how === 'wrong' ? [] : items.map(({ key }) => `answer to ${key}`))
                  },
                }
                calls.add(call)
              })
            },
            { ...options, sizeOf: ({ bytes }) => ({ bytes }) },
          )
          const controllers: AbortController[] = []
          const adds: { item: Item; answer: unknown }[] = []

          for (const action of steps) {
            if (action.do === 'add') {
              const controller = new AbortController()
              controllers.push(controller)
              const { partition, bytes, priority } = action
              const add: (typeof adds)[number] = {
                item: { id: adds.length, partition, bytes, key: String(action.key) },
                answer: undefined,
              }
              adds.push(add)
              batcher.add(add.item, { signal: controller.signal, priority }).then(
                (result) => (add.answer = result),
                (error: unknown) => (add.answer = error),
              )
            } else if (action.do === 'abort') controllers[action.which]?.abort('aborted')
            else if (action.do === 'pass') await vi.advanceTimersByTimeAsync(action.ms)
            else if (action.do === 'flush') void batcher.flush()
            else [...calls][action.which]?.end(action.do)
            await vi.advanceTimersByTimeAsync(0)

            const stats = batcher.stats()
            expect(stats.runningBatches).toBeLessThanOrEqual(maxConcurrentBatches)
            expect(stats.queuedItems).toBeLessThanOrEqual(options.maxQueueItems ?? 0)
            expect(stats.queuedBytes <= maxQueueBytes || stats.queuedItems === 1).toBe(true)
            expect(stats.waitingItems === 0 || options.whenFull === 'wait').toBe(true)
            expect(stats.adds).toBe(adds.length)
            expect(stats.pending).toBe(adds.filter(({ answer }) => answer === undefined).length)
            // An add waits for room only while all slots for batches are in use.
            if (stats.waitingItems > 0) expect(stats.runningBatches).toBe(maxConcurrentBatches)
          }

          const closed = batcher.close(mode)
          for (let round = 0; round < 1_000 && calls.size > 0; round++) {
            for (const call of calls) call.end('finish')
            await vi.advanceTimersByTimeAsync(0)
          }
          await closed
          expect(vi.getTimerCount()).toBe(0)
          expect(batcher.stats()).toMatchObject({
            pending: 0,
            waitingItems: 0,
            queuedItems: 0,
            queuedBytes: 0,
            runningBatches: 0,
          })
          for (const items of batches) {
            expect(items.length).toBeGreaterThan(0)
            expect(items.length).toBeLessThanOrEqual(maxBatchSize)
            expect(items.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(maxBatchBytes)
            if (options.partition) expect(new Set(items.map(({ partition }) => partition)).size).toBe(1)
          }
          for (const { item, answer } of adds) {
            if (answer instanceof Error || answer === 'aborted') continue
            expect(answer).toBe(`answer to ${item.key}`)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
