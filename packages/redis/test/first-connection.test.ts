import { Harbor } from '@harbor/core'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { Redis } from 'ioredis'
import type { EventEmitter } from 'node:events'
import { createClient } from 'redis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRedisRateLimiter, redisFleet, RedisStore, type RedisClient } from '../src/index.ts'
import { freePort } from '../../parts/test/free-port.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

/** Clients as a program creates them: none has a connection yet. */
const CLIENTS: Readonly<Record<string, (url: string) => RedisClient>> = {
  ioredis: (url) => {
    const client = new Redis(url)
    client.on('error', () => undefined)
    onTestFinished(() => client.disconnect())
    return client
  },
  'node-redis': (url) => {
    const client = createClient({ url })
    client.on('error', () => undefined)
    client.connect().catch(() => undefined)
    onTestFinished(() => client.destroy())
    return client
  },
}

async function startServer(...settings: readonly string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...settings)
  onTestFinished(() => server.close())
  return server
}

async function startProvider(): Promise<SimulatedProvider> {
  const simulator = await startSimulator()
  onTestFinished(() => simulator.close())
  return simulator.provider()
}

/** A client of Harbor in a fleet, and what its event `fleet` has said. */
function memberOf(client: RedisClient, provider: SimulatedProvider, budgetMs: number) {
  const events: boolean[] = []
  const harbor = new Harbor({
    apiKey: 'test-key',
    baseURL: provider.baseURL,
    logLevel: 'off',
    fleet: redisFleet({ client, budgetMs }),
    limits: { requestsPerMinute: 60_000 },
    cache: { when: 'always', farReadTimeoutMs: 10_000 },
  })
  harbor.on('fleet', ({ degraded }) => events.push(degraded))
  onTestFinished(() => harbor.close())
  const ask = () =>
    harbor.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content: 'Hello' }] })
  return { harbor, events, ask }
}

describe.each(Object.entries(CLIENTS))('a client of %s that still connects', (_, connecting) => {
  it.runIf(hasRedis)('shares from the first call of a process', async () => {
    const server = await startServer()
    const provider = await startProvider()
    const first = memberOf(connecting(server.url), provider, 1_000)
    await first.ask()
    expect(first.events).toEqual([])
    expect(first.harbor.stats().fleet).toMatchObject({ degraded: false, lastError: undefined })
    // The limits and the far tier of the cache.
    expect(first.harbor.stats().fleet?.roundTrips).toBeGreaterThanOrEqual(3)

    const second = memberOf(connecting(server.url), provider, 1_000)
    await expect.poll(async () => (await keys(server, 'harbor:cache1:*')).length).toBe(1)
    await second.ask()
    expect(provider.counts().calls).toBe(1)
  })

  it.runIf(hasRedis)('is waited for by a store, and by a rate limiter', async () => {
    const server = await startServer()
    const store = new RedisStore({ client: connecting(server.url) })
    await store.set('key', new Uint8Array([1]), { ttlMs: 60_000 })
    expect(await new RedisStore({ client: connecting(server.url) }).get('key')).toEqual(Buffer.from([1]))

    const limits = { requestsPerMinute: 60 }
    const limiter = createRedisRateLimiter({
      client: connecting(server.url),
      prefix: 'p',
      budgetMs: 1_000,
      ...limits,
    })
    await limiter.acquire({ input: 1, output: 1 })
    expect(await keys(server, '{p:limits1}:*')).toContain('{p:limits1}:state')
  })

  it.runIf(hasRedis)('has one listener, however many fleets use it', async () => {
    const server = await startServer()
    const client = connecting(server.url)
    const listeners = (): number => (client as unknown as EventEmitter).listenerCount('ready')
    const before = listeners()
    const stores = Array.from({ length: 20 }, () => new RedisStore({ client }))
    expect(listeners()).toBe(before + 1)
    await stores.at(-1)?.get('key')
    expect(listeners()).toBe(before)
  })

  it('delays a call once and by the budget only, if it never connects', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`
    const { harbor, events, ask } = memberOf(connecting(url), await startProvider(), 10)
    await ask()
    await ask()
    expect(events).toEqual([true])
    expect(harbor.stats().fleet).toMatchObject({
      degraded: true,
      roundTrips: 0,
      lastError: 'The client has no connection to Redis.',
    })
    await expect(new RedisStore({ client: connecting(url) }).get('key')).rejects.toThrow('has no connection')
  })

  it.runIf(hasRedis)('has its server checked once it has connected', async () => {
    const server = await startServer('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue()
    redisFleet({ client: connecting(server.url), share: ['limits'] }).join({ onChange: () => undefined })
    await expect
      .poll(() => warnings)
      .toHaveBeenCalledWith(expect.stringContaining('allkeys-lru'), 'HarborWarning')
  })
})

async function keys(server: RedisServer, pattern: string): Promise<string[]> {
  const client = new Redis(server.url)
  try {
    return await client.keys(pattern)
  } finally {
    client.disconnect()
  }
}
