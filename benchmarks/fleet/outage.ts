import { Harbor } from '@harbor/core'
import { redisFleet } from '@harbor/redis'
import { Redis } from 'ioredis'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { RedisServer } from '../../packages/redis/test/redis-server.ts'
import { startInstantProvider } from '../instant-provider.ts'

/** How long calls of one phase took. */
export interface Phase {
  readonly calls: number
  readonly failed: number
  /** In milliseconds. */
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Phases {
  readonly before: Phase
  readonly during: Phase
  readonly after: Phase
}

/** What happens to Redis. Each function begins it, and returns one that ends it. */
const TROUBLES = {
  'is killed, and an empty one comes back': async ({ server }) => {
    await server.kill()
    return () => server.restart()
  },
  'stands still': ({ server }) => {
    server.freeze()
    return () => server.thaw()
  },
  'answers up to 200 ms late': ({ link }) => {
    link.maxDelayMs = 200
    return () => {
      link.maxDelayMs = 0
    }
  },
} satisfies Record<string, (place: Place) => Trouble | Promise<Trouble>>

export type TroubleName = keyof typeof TROUBLES
export const TROUBLE_NAMES = Object.keys(TROUBLES) as TroubleName[]

type Trouble = () => void | Promise<void>

interface Place {
  readonly server: RedisServer
  readonly link: SlowLink
}

/** Between two calls, in milliseconds. They are sent by the clock, whether earlier ones have an answer or not. */
const PACE_MS = 5

/**
 * Sends calls of two members of a fleet at a fixed pace: before something happens to Redis, during it, and after.
 *
 * @param seconds how long it lasts; the other two phases last 5 s
 */
export async function latencyDuring(name: TroubleName, seconds: number): Promise<Phases> {
  const server = await RedisServer.start()
  const link = await SlowLink.to(server.port)
  const provider = await startInstantProvider()
  const members = await Promise.all([1, 2].map(() => member(link.port, provider.baseURL)))
  const phase = (ms: number): Promise<Phase> =>
    callsAtAPace(
      members.map(({ harbor }) => harbor),
      ms,
    )
  await phase(2_000)
  const before = await phase(5_000)
  const end = await TROUBLES[name]({ server, link })
  const during = await phase(seconds * 1_000)
  await end()
  const after = await phase(5_000)
  for (const { harbor, redis } of members) {
    await harbor.close()
    redis.disconnect()
  }
  provider.close()
  link.close()
  await server.close()
  return { before, during, after }
}

async function member(port: number, baseURL: string): Promise<{ harbor: Harbor; redis: Redis }> {
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 20 })
  redis.on('error', () => undefined)
  await once(redis, 'ready')
  const harbor = new Harbor({
    apiKey: 'simulated',
    baseURL,
    logLevel: 'off',
    fleet: redisFleet({ client: redis }),
    limits: { requestsPerMinute: 10_000_000, tokensPerMinute: 10_000_000_000 },
    spendLimit: { usd: 1_000_000, per: 'day' },
  })
  return { harbor, redis }
}

async function callsAtAPace(members: readonly Harbor[], ms: number): Promise<Phase> {
  const durations: number[] = []
  const calls: Promise<void>[] = []
  let failed = 0
  const startedAt = performance.now()
  const one = async (harbor: Harbor): Promise<void> => {
    const sentAt = performance.now()
    try {
      await harbor.chat.completions.create({
        model: 'gpt-4',
        messages: [{ role: 'user', content: 'Hello.' }],
      })
    } catch {
      failed++
    }
    durations.push(performance.now() - sentAt)
  }
  while (performance.now() - startedAt < ms) {
    const due = Math.floor((performance.now() - startedAt) / PACE_MS)
    while (calls.length < due) calls.push(one(members[calls.length % members.length] as Harbor))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(calls)
  const sorted = durations.toSorted((a, b) => a - b)
  const quantile = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? NaN
  return { calls: calls.length, failed, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

/** Passes bytes to a server, and its replies back, each up to a time late. */
class SlowLink {
  maxDelayMs = 0
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  static async to(port: number): Promise<SlowLink> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const link = new SlowLink(server)
    server.on('connection', (client) => link.#join(client, connect(port, '127.0.0.1')))
    return link
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: Socket, server: Socket): void {
    // Replies keep their order.
    let last = Promise.resolve()
    server.on('data', (chunk) => {
      const late = new Promise((resolve) => setTimeout(resolve, Math.random() * this.maxDelayMs))
      last = last
        .then(() => late)
        .then(() => {
          if (!client.destroyed) client.write(chunk)
        })
    })
    client.on('data', (chunk) => {
      if (!server.destroyed) server.write(chunk)
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }
}
