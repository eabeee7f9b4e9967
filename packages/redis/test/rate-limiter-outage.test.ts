import { describe, expect, it, onTestFinished } from 'vitest'
import type { RateLimiter } from '@harbor/batch'
import { createRedisRateLimiter } from '../src/index.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const SMALL = { input: 10, output: 0 }

/** Starts requests one after the other, and returns how many have started in the time. */
async function startFor(limiter: RateLimiter, ms: number): Promise<number> {
  const end = performance.now() + ms
  let count = 0
  while (performance.now() < end) {
    const lease = await limiter.acquire(SMALL)
    lease.settle({ status: 200, usage: SMALL })
    count++
  }
  return count
}

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))(
  'createRedisRateLimiter over %s, without Redis (needs redis-server)',
  (name) => {
    const connect = CLIENTS[name] as (url: string) => Promise<Connected>

    async function twoProcesses(limits: object): Promise<{
      server: RedisServer
      one: RateLimiter
      other: RateLimiter
      command: Connected['command']
    }> {
      const server = await RedisServer.start()
      const connected = [await connect(server.url), await connect(server.url), await connect(server.url)]
      onTestFinished(async () => {
        for (const { disconnect } of connected) disconnect()
        await server.close()
      })
      const [one, other] = connected.map(({ client }) =>
        createRedisRateLimiter({ client, prefix: 'p', ...limits }),
      )
      const command = connected[2]?.command
      if (!one || !other || !command) throw new Error('not connected')
      return { server, one, other, command }
    }

    it('continues with its share of the limit while the server does not answer, and shares again afterwards', async () => {
      const { server, one, other, command } = await twoProcesses({
        requestsPerMinute: 12_000,
        safety: 1,
        burstMs: 100,
      })
      // Both are known to each other.
      await Promise.all([startFor(one, 300), startFor(other, 300)])
      server.freeze()
      await startFor(one, 300)
      const started = await startFor(one, 1_000)
      server.thaw()
      // Half of 200 a second, and a margin for the burst.
      expect(started).toBeGreaterThan(40)
      expect(started).toBeLessThan(140)
      await expect
        .poll(async () => {
          const before = await reports(command)
          await startFor(one, 100)
          return (await reports(command)) - before
        })
        .toBeGreaterThan(0)
    })

    it('does not hang and does not fail without a connection, and sends nothing late', async () => {
      const { server, one, other } = await twoProcesses({ requestsPerMinute: 60_000 })
      await Promise.all([startFor(one, 50), startFor(other, 50)])
      await server.kill()
      expect(await startFor(one, 500)).toBeGreaterThan(50)
      await server.restart()
      await expect.poll(async () => (await startFor(one, 50)) > 0 && one.stats().waiting).toBe(0)
      expect(await startFor(other, 200)).toBeGreaterThan(0)
    })

    it('grants no second burst when the server was flushed', async () => {
      const { one, other, command } = await twoProcesses({
        requestsPerMinute: 6_000,
        safety: 1,
        burstMs: 1_000,
      })
      await Promise.all(Array.from({ length: 140 }, () => one.acquire(SMALL)))
      await command('FLUSHALL')
      const before = performance.now()
      await Promise.all([...Array.from({ length: 50 }, () => one.acquire(SMALL)), startFor(other, 1)])
      // 50 requests at 100 a second; the burst of 100 would have started them at once.
      expect(performance.now() - before).toBeGreaterThan(250)
    })

    it('waits at most its budget for replies that come late', async () => {
      const { one, command } = await twoProcesses({ requestsPerMinute: 600_000, budgetMs: 30 })
      await startFor(one, 20)
      await command('CLIENT', 'PAUSE', '400', 'ALL')
      const waits: number[] = []
      for (let n = 0; n < 100; n++) {
        const before = performance.now()
        const lease = await one.acquire(SMALL)
        waits.push(performance.now() - before)
        lease.settle({ status: 200 })
      }
      expect(waits.filter((ms) => ms > 200)).toEqual([])
    })
  },
)

async function reports(command: Connected['command']): Promise<number> {
  const info = String(await command('INFO', 'commandstats'))
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0)
}
