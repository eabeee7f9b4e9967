import { startSimulator } from '@harbor/simulator'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { expectedOf, Fleet, type FleetPlan, keysOf, killAtRandom, seeded, until } from './fleet.ts'
import { hasRedis, RedisServer } from '../../redis/test/redis-server.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() % 100_000)

// They wait for locks to expire most of the time, so they wait together.
describe.skipIf(!hasRedis).concurrent('a fleet of processes (needs redis-server)', () => {
  it(`gives each id once, as without kills, after kill -9 of workers and the coordinator (SEED=${SEED})`, async ({
    onTestFinished,
  }) => {
    const plan = await planOf(onTestFinished, { items: 1_500, workers: 3, concurrency: 8 })
    const expected = await expectedOf(plan.provider, plan.items)
    const before = plan.provider.counts().calls
    const fleet = new Fleet(plan)
    onTestFinished(() => fleet.close())
    const kills = await killAtRandom(fleet, plan, 6, seeded(SEED))
    expect(await fleet.results(150_000)).toEqual(expected)
    const repeated = fleet.calls - before - plan.items
    console.log({ seed: SEED, kills, repeated })
    expect(kills).toBeGreaterThan(0)
    expect(repeated).toBeLessThanOrEqual(kills * plan.concurrency)
    await fleet.close()
    await until(async () => (await keysOf(plan.url)).length === 0)
  })

  it('finds the items that kill their workers, and blames no other', async ({ onTestFinished }) => {
    const plan = {
      ...(await planOf(onTestFinished, { items: 120, workers: 2, concurrency: 8 })),
      crashing: 1,
    }
    const whole = await expectedOf(plan.provider, plan.items)
    const fleet = new Fleet(plan)
    onTestFinished(() => fleet.close())
    const output = await fleet.results(150_000)
    const crashed = output.filter((line) => line.includes('crashes_worker'))
    expect(crashed).toEqual(['["119","crashes_worker"]'])
    expect(output.filter((line) => !crashed.includes(line))).toEqual(
      whole.filter((line) => !line.startsWith('["119",')),
    )
    expect(fleet.deaths).toBe(3)
  })

  it('uses the results that workers have written while there was no coordinator', async ({
    onTestFinished,
  }) => {
    const plan = await planOf(onTestFinished, { items: 300, workers: 1, concurrency: 4 })
    const fleet = new Fleet({ ...plan, restartsCoordinator: false })
    onTestFinished(() => fleet.close())
    await until(() => fleet.calls > 30)
    fleet.killCoordinator()
    // The window holds all 300 items, and the worker goes on with them: before, while and after the next coordinator reads its journal.
    await until(() => fleet.calls > 80)
    fleet.startCoordinator()
    expect(await fleet.results(100_000)).toHaveLength(plan.items)
    // At least 25 results were in Redis only, and jobs end in each moment of the takeover.
    expect(fleet.calls).toBe(plan.items)
  })
})

async function planOf(
  onTestFinished: TestContext['onTestFinished'],
  sizes: Pick<FleetPlan, 'items' | 'workers' | 'concurrency'>,
) {
  const server = await RedisServer.start()
  onTestFinished(() => server.close())
  const simulator = await startSimulator({ providers: { openai: { latency: { min: 2, max: 20 } } } })
  onTestFinished(() => simulator.close())
  const folder = mkdtempSync(join(tmpdir(), 'harbor-bullmq-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { ...sizes, folder, queue: 'crash', url: server.url, provider: simulator.provider() }
}
