import { startSimulator } from '@harbor/simulator'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createClient } from 'redis'
import { RedisServer } from '../../packages/redis/test/redis-server.ts'
import type { ContenderName, Shared } from './contenders.ts'
import type { Done, Work } from './worker.ts'

/** What came of a run. */
export interface Outcome {
  readonly answered: number
  readonly failed: number
  /** The calls that the provider refused with 429. */
  readonly refused: number
  /** The part of what the limit of requests allows in this time that was used. */
  readonly used: number
  /** Scripts that Redis has run, for each call. */
  readonly roundTrips: number
  readonly cpuUs: number
  /** After a process was killed: how long until the others had its share, in milliseconds. */
  readonly takenOverMs: number | undefined
}

/**
 * Runs processes that share the limits of one provider.
 *
 * @param kill whether one of them is killed half way
 */
export async function run(
  contender: ContenderName,
  shared: Shared,
  calls: number,
  { kill = false } = {},
): Promise<Outcome> {
  const server = await RedisServer.start()
  const { requestsPerMinute, tokensPerMinute, processes } = shared
  // A second of the limits may be used at once.
  const limits = { requestsPerMinute, tokensPerMinute, burst: 1 / 60, headers: 'retry-after' } as const
  const simulator = await startSimulator({ providers: { openai: { latency: 20, limits } } })
  const provider = simulator.provider()
  const work: Work = {
    redisUrl: server.url,
    baseURL: provider.baseURL,
    contender,
    shared,
    calls,
    concurrency: 100,
  }
  const children = await Promise.all(Array.from({ length: processes }, () => start(work)))
  const before = await commands(server)
  const done: Done[] = children.map(() => ({ answered: 0, failed: 0, cpuUs: 0 }))
  for (const [place, child] of children.entries()) {
    child.on('message', (report) => (done[place] = report as Done))
    child.send('go')
  }
  const startedAt = performance.now()
  const killed = kill ? killHalfWay(children, done, requestsPerMinute) : undefined
  await Promise.all(children.map((child) => once(child, 'exit')))
  const minutes = (performance.now() - startedAt) / 60_000
  const trips = (await commands(server)) - before
  const answered = sum(done.map((each) => each.answered))
  const { calls: asked, byStatus } = provider.counts()
  await simulator.close()
  await server.close()
  return {
    answered,
    failed: sum(done.map((each) => each.failed)),
    refused: byStatus['429'] ?? 0,
    used: answered / (requestsPerMinute * minutes + requestsPerMinute / 60),
    roundTrips: trips / asked,
    cpuUs: sum(done.map((each) => each.cpuUs)) / answered,
    takenOverMs: await killed,
  }
}

async function start(work: Work): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(work)], {
    execArgv: ['--conditions=@harbor/source'],
  })
  await once(child, 'message')
  return child
}

/** Kills the first process when half of the calls are made. @returns the time until the others together are as fast as all were, in milliseconds */
async function killHalfWay(
  children: readonly ChildProcess[],
  done: readonly Done[],
  requestsPerMinute: number,
): Promise<number> {
  const answered = (): number => sum(done.slice(1).map((each) => each.answered))
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  while ((done[0]?.answered ?? 0) < 1_000) await sleep(20)
  children[0]?.kill('SIGKILL')
  const killedAt = performance.now()
  const samples: { readonly at: number; readonly count: number }[] = []
  const WINDOW_MS = 500
  for (;;) {
    await sleep(50)
    const now = performance.now()
    samples.push({ at: now, count: answered() })
    const first = samples.find(({ at }) => at >= now - WINDOW_MS)
    const last = samples.at(-1)
    if (!first || !last || last.at - first.at < 0.8 * WINDOW_MS) continue
    const perMinute = ((last.count - first.count) / (last.at - first.at)) * 60_000
    // The client keeps a margin of 5 %.
    if (perMinute >= 0.9 * requestsPerMinute) return first.at - killedAt
    if (now - killedAt > 10_000) return Infinity
  }
}

async function commands(server: RedisServer): Promise<number> {
  const client = await createClient({ url: server.url }).connect()
  const info = await client.info('commandstats')
  client.destroy()
  // Each runs scripts only. Commands within a script cost no round trip.
  return sum([...info.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].map(([, calls]) => Number(calls)))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
