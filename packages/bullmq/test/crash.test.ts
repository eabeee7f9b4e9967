import { startSimulator } from '@harbor/simulator'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectedOf, Fleet, keysOf, killAtRandom, seeded } from './fleet.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() % 100_000)

describe.skipIf(!hasRedis)('a fleet of processes (needs redis-server)', () => {
  it(`gives each id once, as without kills, after kill -9 of workers and the coordinator (SEED=${SEED})`, async () => {
    const plan = await planOf({ items: 1_500, workers: 3, concurrency: 8 })
    const expected = await expectedOf(plan.provider, plan.items)
    const before = plan.provider.counts().calls
    const fleet = new Fleet(plan)
    onTestFinished(() => fleet.close())
    const kills = await killAtRandom(fleet, plan, 6, seeded(SEED))
    expect(await fleet.results(50_000)).toEqual(expected)
    const repeated = fleet.calls - before - plan.items
    console.log({ seed: SEED, kills, repeated })
    expect(kills).toBeGreaterThan(0)
    expect(repeated).toBeLessThanOrEqual(kills * plan.concurrency)
    await fleet.close()
    await expect.poll(() => keysOf(plan.url), { timeout: 5_000 }).toEqual([])
  })
})

async function planOf(sizes: {
  readonly items: number
  readonly workers: number
  readonly concurrency: number
}) {
  const server = await RedisServer.start()
  onTestFinished(() => server.close())
  const simulator = await startSimulator({ providers: { openai: { latency: { min: 2, max: 20 } } } })
  onTestFinished(() => simulator.close())
  const folder = mkdtempSync(join(tmpdir(), 'harbor-bullmq-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { ...sizes, folder, queue: 'crash', url: server.url, provider: simulator.provider() }
}
