import { describe, expect, it } from 'vitest'
import { PoolQueueFullError } from '../src/index.ts'
import { startPool, statsOf } from './pool.ts'
import { gate, startServer, until } from './server.ts'

describe('a pool with autoscale', () => {
  it('grows for a queue longer than its target, never above `connections`, and shrinks after the cool-down', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    const pool = startPool({ connections: 12, autoscale: { targetQueueMs: 5, shrinkIntervalMs: 60 } })
    const calls = Array.from({ length: 50 }, async () => (await pool.fetch(server.url)).text())
    await until(() => waiting() === 12)
    expect(statsOf(pool)).toMatchObject({ open: 12, busy: 12, queued: 38, allowed: 12 })
    open()
    await Promise.all(calls)
    expect(server.opened).toBe(12)
    await until(() => server.sockets.size === 1)
    await until(() => statsOf(pool).open === 1)
    expect(statsOf(pool)).toMatchObject({ free: 1, allowed: 1, errors: 0 })
    expect(await (await pool.fetch(server.url)).text()).toBe('ok')
    expect(server.opened).toBe(12)
  })

  it('opens no more than `min` while no request waits for long', async () => {
    const server = await startServer((_request, response) => response.end('ok'))
    const pool = startPool({ autoscale: { min: 2, targetQueueMs: 60_000 } })
    const calls = Array.from({ length: 100 }, async () => (await pool.fetch(server.url)).text())
    await Promise.all(calls)
    expect(server.opened).toBe(2)
  })

  it('grows before it refuses a request', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    const pool = startPool({ connections: 4, maxQueued: 1, autoscale: { targetQueueMs: 60_000 } })
    const settled = Promise.allSettled(
      Array.from({ length: 8 }, async () => (await pool.fetch(server.url)).text()),
    )
    await until(() => waiting() === 4)
    open()
    const refused = (await settled).flatMap((call) =>
      call.status === 'rejected' ? [call.reason as unknown] : [],
    )
    expect(refused.map((error) => PoolQueueFullError.is(error) && error.connections)).toEqual([4, 4, 4])
  })
})
