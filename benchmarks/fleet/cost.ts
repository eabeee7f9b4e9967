import { Harbor, type HarborOptions } from '@harbor/core'
import { redisFleet } from '@harbor/redis'
import { Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisServer } from '../../packages/redis/test/redis-server.ts'
import { floorOf } from '../floor.ts'
import { startInstantProvider } from '../instant-provider.ts'
import { median } from '../table.ts'

/** What a fleet adds to calls. */
export interface Cost {
  /** CPU time of a call, in microseconds. */
  readonly alone: number
  /** What the fleet adds to it: the median of the differences between neighbouring rounds, since the speed of a machine drifts. */
  readonly added: number
  /** CPU time of a promise and a clock, in microseconds: how fast the machine is today. */
  readonly floor: number
  /** Commands for each call under limits and a spend limit, with circuits. */
  readonly roundTrips: number
  /** Commands for each call of a client that shares only its cache. */
  readonly perHit: number
  readonly perMiss: number
}

const CLIENT: HarborOptions = { apiKey: 'simulated', logLevel: 'off' }

const LIMITED: HarborOptions = {
  ...CLIENT,
  limits: { requestsPerMinute: 10_000_000, tokensPerMinute: 10_000_000_000 },
  spendLimit: { usd: 1_000_000, per: 'day' },
}

/** Measures the same calls with and without a fleet, alternately, and counts the commands that Redis gets. */
export async function costOfFleet(rounds: number, calls: number): Promise<Cost> {
  const server = await RedisServer.start()
  const provider = await startInstantProvider()
  const { baseURL } = provider
  const redis = new Redis(server.url)
  await new Promise((resolve) => redis.once('ready', resolve))
  const fleet = redisFleet({ client: redis })
  const alone = new Harbor({ ...LIMITED, baseURL })
  const member = new Harbor({ ...LIMITED, baseURL, fleet })
  // What limits and circuits send several times a second, whether calls are hits or not, is counted above.
  const caching = new Harbor({
    ...CLIENT,
    baseURL,
    fleet: redisFleet({ client: redis, share: ['cache'] }),
    cache: { when: 'always', maxEntries: 1 },
  })

  const cpu = async (harbor: Harbor): Promise<number> => {
    const before = process.cpuUsage()
    await callsOf(harbor, calls)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / calls
  }
  const seen: number[] = []
  const added: number[] = []
  for (let round = -2; round < rounds; round++) {
    const isAloneFirst = round % 2 === 0
    const first = await cpu(isAloneFirst ? alone : member)
    const second = await cpu(isAloneFirst ? member : alone)
    if (round < 0) continue
    seen.push(isAloneFirst ? first : second)
    added.push(isAloneFirst ? second - first : first - second)
  }
  const tripsOf = async (harbor: Harbor, count: number, first = 0): Promise<number> => {
    const trips = (): number => harbor.stats().fleet?.roundTrips ?? 0
    const before = trips()
    await callsOf(harbor, count, first)
    // Answers are stored beside the calls.
    let seen
    do {
      seen = trips()
      await sleep(200)
    } while (seen !== trips())
    return (trips() - before) / count
  }
  const roundTrips = await tripsOf(member, calls)
  const perMiss = await tripsOf(caching, 200)
  // Only one answer is held in memory, so that all come from Redis.
  const perHit = await tripsOf(caching, 200)
  for (const harbor of [alone, member, caching]) await harbor.close()
  redis.disconnect()
  provider.close()
  await server.close()
  return { alone: median(seen), added: median(added), floor: await floorUs(), roundTrips, perHit, perMiss }
}

async function floorUs(): Promise<number> {
  const FLOORS = 200_000
  const floor = floorOf(async () => 1)
  await floor(FLOORS)
  const before = process.cpuUsage()
  await floor(FLOORS)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / FLOORS
}

async function callsOf(harbor: Harbor, count: number, first = 0): Promise<void> {
  let begun = first
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (begun < first + count) {
        const content = `question ${begun++}`
        await harbor.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content }] })
      }
    }),
  )
}
