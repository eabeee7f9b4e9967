import { startSimulator } from '@harbor/simulator'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { expectedOf, Fleet, keysOf, killAtRandom, seeded, until } from '../test/fleet.ts'
import { RedisServer } from '../../redis/test/redis-server.ts'

const ITEMS = 20_000
const KILLS = 40

it(`four workers give each of ${ITEMS} ids one result after kill -9 of workers and the coordinator at ${KILLS} random moments`, async () => {
  const server = await RedisServer.start()
  onTestFinished(() => server.close())
  const simulator = await startSimulator({ providers: { openai: { latency: { min: 5, max: 60 } } } })
  onTestFinished(() => simulator.close())
  const folder = mkdtempSync(join(tmpdir(), 'harbor-bullmq-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const provider = simulator.provider()
  const plan = { folder, queue: 'soak', url: server.url, provider, items: ITEMS, workers: 4, concurrency: 16 }
  const expected = await expectedOf(provider, ITEMS)
  provider.reset()
  const seed = Number(process.env['SEED'] ?? 1)
  const startedAt = performance.now()
  const fleet = new Fleet(plan)
  onTestFinished(() => fleet.close())
  const kills = await killAtRandom(fleet, plan, KILLS, seeded(seed))
  const output = await fleet.results(600_000)
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  const repeated = fleet.calls - ITEMS
  console.log({ seed, kills, repeated, atMost: kills * plan.concurrency, seconds })
  expect(output).toEqual(expected)
  expect(repeated).toBeLessThanOrEqual(kills * plan.concurrency)
  await fleet.close()
  await until(async () => (await keysOf(server.url)).length === 0)
})

it('the items of a killed worker run again within 15 seconds', async () => {
  const server = await RedisServer.start()
  onTestFinished(() => server.close())
  const simulator = await startSimulator()
  onTestFinished(() => simulator.close())
  const folder = mkdtempSync(join(tmpdir(), 'harbor-bullmq-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const provider = simulator.provider()
  // No other items are left, so each further call is for one of the killed worker.
  provider.fail(...Array.from({ length: 8 }, () => ({ type: 'hang' }) as const))
  const fleet = new Fleet({
    folder,
    queue: 'kill',
    url: server.url,
    provider,
    items: 8,
    workers: 2,
    concurrency: 4,
  })
  onTestFinished(() => fleet.close())
  await until(() => fleet.calls === 8)
  const killedAt = performance.now()
  fleet.killWorker(0)
  await until(() => fleet.calls === 8 + 4)
  const takeoverMs = Math.round(performance.now() - killedAt)
  console.log({ takeoverMs })
  expect(takeoverMs).toBeLessThan(15_000)
})
