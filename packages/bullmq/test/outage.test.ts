import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { runFleetBulk } from '../src/index.ts'
import { keysOf } from './fleet.ts'
import { numbersTo, queuesOfTests, resultsOf } from './queue-of-test.ts'
import { hasRedis } from '../../redis/test/redis-server.ts'

const ITEMS = 400

describe.skipIf(!hasRedis)('Redis during a run over workers (needs redis-server)', () => {
  const { server, place, work, closeWorkers } = queuesOfTests()

  it.each<[string, () => Promise<unknown>]>([
    ['is flushed', () => command('FLUSHALL')],
    ['loses its scripts', () => command('SCRIPT', 'FLUSH')],
    [
      'is killed, and an empty one takes its place',
      async () => {
        await server().kill()
        await server().restart()
      },
    ],
    [
      'is gone for 2 seconds, and refuses all connections',
      async () => {
        await server().kill()
        await new Promise((resolve) => setTimeout(resolve, 2_000))
        await server().restart()
      },
    ],
    [
      'stands still for 3 seconds',
      async () => {
        server().freeze()
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        server().thaw()
      },
    ],
    ['answers late', () => command('CLIENT', 'PAUSE', '1500')],
    ['closes all connections', () => command('CLIENT', 'KILL', 'TYPE', 'normal')],
  ])('gives each id one result though it %s', async (_, happens) => {
    const where = place()
    let calls = 0
    const double = async (item: number): Promise<number> => {
      calls++
      await new Promise((resolve) => setTimeout(resolve, 2))
      return item * 2
    }
    for (const concurrency of [8, 8]) work(double, { ...where, concurrency })
    const run = runFleetBulk<number, number>(numbersTo(ITEMS), { ...where, concurrency: 100 })
    const results = resultsOf(run)
    await expect.poll(() => calls, { interval: 2 }).toBeGreaterThan(50)
    await happens()
    const values = (await results).map((result) => result.ok && result.value)
    expect(values).toEqual(numbersTo(ITEMS).map((item) => item * 2))
    // What workers had at that moment may be called twice, and what was queued is not.
    expect(calls).toBeLessThanOrEqual(ITEMS + 100)
    await closeWorkers()
    await expect.poll(() => keysOf(server().url)).toEqual([])
  })

  async function command(name: string, ...args: readonly string[]): Promise<unknown> {
    const client = new Redis(server().url)
    client.on('error', () => undefined)
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }
})
