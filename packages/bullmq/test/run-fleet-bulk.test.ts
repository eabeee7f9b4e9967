import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runFleetBulk, startFleetWorker, type FleetWorker, type FleetWorkerOptions } from '../src/index.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

describe.skipIf(!hasRedis)('a bulk run over workers (needs redis-server)', () => {
  let server: RedisServer
  let folder: string
  const workers: FleetWorker[] = []
  beforeAll(async () => {
    server = await RedisServer.start()
    folder = mkdtempSync(join(tmpdir(), 'harbor-bullmq-'))
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close({ graceMs: 0 })))
  })
  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })
  let number = 0
  const place = (): { queue: string; connection: string; journal: string } => {
    number++
    return { queue: `q${number}`, connection: server.url, journal: join(folder, `${number}.jsonl`) }
  }
  function work(run: Parameters<typeof startFleetWorker>[0], options: FleetWorkerOptions): FleetWorker {
    const worker = startFleetWorker(run, options)
    workers.push(worker)
    return worker
  }

  it('gives each id one result, and leaves nothing in Redis', async () => {
    const { journal, ...where } = place()
    work((item: unknown) => Number(item) * 2, where)
    work((item: unknown) => Number(item) * 2, where)
    const run = runFleetBulk<number, number>(
      Array.from({ length: 500 }, (_, index) => index),
      { ...where, journal },
    )
    const results = new Map<string, unknown>()
    for await (const result of run) {
      expect(results.has(result.id)).toBe(false)
      results.set(result.id, result.ok ? result.value : result.error)
    }
    expect([...results].sort(([a], [b]) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 500 }, (_, index) => [String(index), index * 2]),
    )
    expect(await run.summary).toMatchObject({ ok: 500, failed: 0 })
    await Promise.all(workers.splice(0).map((worker) => worker.close({ graceMs: 0 })))
    const client = new Redis(server.url)
    expect(await client.keys('*')).toEqual([])
    client.disconnect()
  })
})
