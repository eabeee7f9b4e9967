import { expect, it } from 'vitest'
import { newCounters } from '../src/cache-stats.ts'
import { createCache } from '../src/index.ts'
import { NearTier } from '../src/tiers/near-tier.ts'
import { seeded } from '../test/harness.ts'
import { runOperations } from '../test/operations.ts'

const TIMES = 10_000_000

const heapMegabytes = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

it(`counts its bytes exactly after ${TIMES} operations at capacity, and does not grow the heap`, () => {
  const tier = new NearTier({ maxEntries: 1_000, maxBytes: 200_000 }, newCounters(), 0)
  const random = seeded(1)
  runOperations(tier, TIMES / 10, random)
  const before = heapMegabytes()
  const { counted, real, entries } = runOperations(tier, (TIMES * 9) / 10, random)
  const after = heapMegabytes()
  console.log({ counted, real, entries, heapMegabytes: { before, after } })
  expect(counted).toBe(real)
  expect(after - before).toBeLessThan(2)
  tier.clear()
  expect([tier.bytes, tier.size, tier.tagged]).toEqual([0, 0, 0])
})

it('retains no memory after a million calls: loads, failures, aborts and streams', async () => {
  const cache = createCache<string>({ maxEntries: 500, ttlMs: 50, staleWhileRevalidateMs: 50 })
  const random = seeded(2)
  let calls = 0
  async function call(): Promise<void> {
    const key = `key-${Math.floor(random() ** 2 * 5_000)}`
    const what = random()
    const controller = new AbortController()
    const { signal } = controller
    const load = async (): Promise<string> => {
      await new Promise((resolve) => setImmediate(resolve))
      if (what < 0.1) throw new Error('down')
      return 'value'.repeat(100)
    }
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      for (let chunk = 0; chunk < 3; chunk++) {
        const { length } = await load()
        yield new Uint8Array(length)
      }
    }
    const going =
      what < 0.7
        ? cache.getOrLoad(key, load, { signal })
        : cache
            .record(key, () => ({ head: 1, body: stream() }), { signal })
            .then(async ({ body }) => {
              for await (const _ of body) if (what > 0.95) break
            })
    if (what > 0.6 && what < 0.65) controller.abort(new Error('enough'))
    await going.catch(() => undefined)
  }
  async function run(until: number): Promise<number> {
    const worker = async (): Promise<void> => {
      while (calls++ < until) await call()
    }
    await Promise.all(Array.from({ length: 64 }, worker))
    await new Promise((resolve) => setTimeout(resolve, 200))
    return heapMegabytes()
  }
  const before = await run(100_000)
  const after = await run(1_000_000)
  const { entries, bytes, inFlight, refused } = cache.stats()
  console.log({ entries, bytes, inFlight, refused, heapMegabytes: { before, after } })
  expect(inFlight).toBe(0)
  expect(after - before).toBeLessThan(4)
})
