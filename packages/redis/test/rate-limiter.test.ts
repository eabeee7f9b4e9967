import { createRateLimiter, RateLimitWaitError, RequestTooLargeError, type RateLimiter } from '@harbor/batch'
import { Redis } from 'ioredis'
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  expectTypeOf,
  it,
  onTestFinished,
  vi,
} from 'vitest'
import { createRedisRateLimiter, type RedisClient } from '../src/index.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const SMALL = { input: 10, output: 0 }

describe('createRedisRateLimiter', () => {
  const client: RedisClient = {
    status: 'ready',
    callBuffer: () => Promise.resolve(null),
    once: () => undefined,
  }

  it('returns what createRateLimiter returns', () => {
    expectTypeOf(createRedisRateLimiter).returns.toEqualTypeOf<RateLimiter>()
    expect(Object.keys(createRedisRateLimiter({ client, prefix: 'a' }))).toEqual(
      Object.keys(createRateLimiter()),
    )
  })

  it('refuses options that do not exist or make no sense', () => {
    const create = (options: object) => () => createRedisRateLimiter({ client, prefix: 'a', ...options })
    expect(create({ prefix: 'a{b}' })).toThrow(/prefix must be/)
    expect(create({ prefix: undefined })).toThrow(/prefix must be/)
    expect(create({ client: undefined })).toThrow(/client must be/)
    expect(create({ budgetMs: 0 })).toThrow(/budgetMs must be/)
    expect(create({ requestsPerMinute: 0 })).toThrow(/requestsPerMinute must be/)
    expect(create({ limit: 1 })).toThrow(/unknown option limit/)
  })
})

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))(
  'createRedisRateLimiter over %s (needs redis-server)',
  (name) => {
    const connect = CLIENTS[name] as (url: string) => Promise<Connected>
    let server: RedisServer
    let first: Connected
    let second: Connected
    beforeAll(async () => {
      server = await RedisServer.start()
      first = await connect(server.url)
      second = await connect(server.url)
    })
    afterAll(async () => {
      first.disconnect()
      second.disconnect()
      await server.close()
    })
    // What a limiter of another test reports later must not matter: each test has prefixes of its own.
    let prefix = ''
    let tests = 0
    beforeEach(async () => {
      prefix = `p${++tests}`
      await first.command('FLUSHALL')
    })

    const pair = (limits: object): [RateLimiter, RateLimiter] => [
      createRedisRateLimiter({ client: first.client, prefix, budgetMs: 1_000, ...limits }),
      createRedisRateLimiter({ client: second.client, prefix, budgetMs: 1_000, ...limits }),
    ]

    it('counts what another process has started', async () => {
      const [one, other] = pair({ requestsPerMinute: 600, safety: 1, burstMs: 100 })
      await one.acquire(SMALL)
      await expect(other.acquire(SMALL).then(() => one.stats().granted)).resolves.toBe(1)
      const limiter = createRedisRateLimiter({
        client: first.client,
        prefix: `${prefix}q`,
        requestsPerMinute: 1,
        maxWaitMs: 10_000,
      })
      await limiter.acquire(SMALL)
      await expect(limiter.acquire(SMALL)).rejects.toThrow(RateLimitWaitError)
    })

    it('shares nothing with another prefix', async () => {
      const limits = { client: first.client, requestsPerMinute: 1, maxWaitMs: 1_000, budgetMs: 1_000 }
      const [one, same, other] = [prefix, prefix, `${prefix}q`].map((each) =>
        createRedisRateLimiter({ ...limits, prefix: each }),
      )
      await one?.acquire(SMALL)
      await expect(same?.acquire(SMALL)).rejects.toThrow(RateLimitWaitError)
      await expect(other?.acquire(SMALL)).resolves.toBeDefined()
    })

    it('puts back for the others what a cancelled or smaller request had reserved', async () => {
      const [one, other] = pair({ tokensPerMinute: 60_000, safety: 1, burstMs: 1_000 })
      const big = { input: 1_000, output: 0 }
      const lease = await one.acquire(big)
      lease.cancel()
      const settled = await one.acquire(big)
      settled.settle({ status: 200, usage: { input: 0, output: 0 } })
      const again = await other.acquire(big)
      again.cancel()
      expect([one.stats().inFlight, other.stats().inFlight]).toEqual([0, 0])
      await expect.poll(() => first.command('ZCARD', `{${prefix}:limits1}:seen`).then(Number)).toBe(2)
    })

    it('pauses all processes after a 429 of one', async () => {
      const [one, other] = pair({ requestsPerMinute: 60_000 })
      await other.acquire(SMALL)
      const lease = await one.acquire(SMALL)
      lease.settle({ status: 429, retryAfterMs: 30_000 })
      await expect
        .poll(() => first.command('GET', `{${prefix}:limits1}:state`).then(String))
        .toContain('paused')
      const controller = new AbortController()
      const waiting = other.acquire(SMALL, { signal: controller.signal })
      onTestFinished(async () => {
        controller.abort('the test is over')
        await expect(waiting).rejects.toBe('the test is over')
      })
      await expect.poll(() => other.stats().pausedForMs).toBeGreaterThan(20_000)
    })

    it('passes a limit of a header on to the others, downward only', async () => {
      const [one, other] = pair({ requestsPerMinute: 6_000, burstMs: 1_000 })
      const lease = await one.acquire(SMALL)
      lease.settle({ status: 200, observed: { requests: { remaining: 0 } } })
      await expect
        .poll(() => first.command('ZCARD', `{${prefix}:limits1}:expiry`).then(Number))
        .toBeGreaterThan(0)
      await one.acquire(SMALL)
      const before = performance.now()
      await Promise.all(Array.from({ length: 50 }, () => other.acquire(SMALL)))
      // The burst of 95 would have started them at once.
      expect(performance.now() - before).toBeGreaterThan(300)
    })

    it('returns a lease from tryAcquire once the process holds one', async () => {
      const [one] = pair({ requestsPerMinute: 6_000 })
      expect(one.tryAcquire(SMALL)).toBeUndefined()
      await expect.poll(() => one.tryAcquire(SMALL)).toBeDefined()
    })

    it('rejects what could never start, and what would wait too long', async () => {
      const [one] = pair({ tokensPerMinute: 6_000, maxWaitMs: 100 })
      await expect(one.acquire({ input: 6_001, output: 0 })).rejects.toThrow(RequestTooLargeError)
      await one.acquire({ input: 6_000, output: 0 })
      await expect(one.acquire({ input: 100, output: 0 })).rejects.toThrow(RateLimitWaitError)
    })

    it('starts a large request of one process although another sends small ones without end', async () => {
      const [one, other] = pair({ tokensPerMinute: 600_000, safety: 1, burstMs: 100 })
      let isDone = false
      const stream = async (): Promise<void> => {
        while (!isDone) (await one.acquire({ input: 100, output: 0 })).settle({ status: 200 })
      }
      const streams = Array.from({ length: 20 }, stream)
      await other.acquire({ input: 5_000, output: 0 })
      isDone = true
      await Promise.all(streams)
      expect(one.stats().granted).toBeGreaterThan(0)
    })

    it('returns everything when it is idle, and sends nothing more', async () => {
      const [one] = pair({ requestsPerMinute: 60_000, tokensPerMinute: 6_000_000 })
      const leases = await Promise.all(Array.from({ length: 100 }, () => one.acquire(SMALL)))
      for (const lease of leases) lease.settle({ status: 200, usage: { input: 5, output: 0 } })
      const reports = async (): Promise<number> =>
        Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await first.command('INFO', 'commandstats')))?.[1])
      await new Promise((resolve) => setTimeout(resolve, 1_300))
      const before = await reports()
      await new Promise((resolve) => setTimeout(resolve, 700))
      expect(await reports()).toBe(before)
      expect(one.stats().limits.requests?.available).toBe(0)
    })

    it('gives every key a time to live, and one hash tag', async () => {
      const [one] = pair({ requestsPerMinute: 600 })
      await one.acquire(SMALL)
      const keys = ((await first.command('KEYS', `*${prefix}:*`)) as unknown[]).map(String)
      expect(keys.sort()).toEqual(
        ['expiry', 'members', 'seen', 'state'].map((key) => `{${prefix}:limits1}:${key}`),
      )
      for (const key of keys) expect(Number(await first.command('PTTL', key))).toBeGreaterThan(500_000)
    })

    it('loads its script again after SCRIPT FLUSH', async () => {
      const [one] = pair({ requestsPerMinute: 60_000 })
      await one.acquire(SMALL)
      await first.command('SCRIPT', 'FLUSH')
      const many = await Promise.all(Array.from({ length: 200 }, () => one.acquire(SMALL)))
      expect(many).toHaveLength(200)
      expect(Number(await first.command('ZCARD', `{${prefix}:limits1}:seen`))).toBe(1)
    })

    it('keeps to its limit without calls that fail while the memory of the server is full', async () => {
      const [one] = pair({ requestsPerMinute: 60_000 })
      await first.command('CONFIG', 'SET', 'maxmemory', '1')
      onTestFinished(async () => {
        await first.command('CONFIG', 'SET', 'maxmemory', '0')
      })
      const many = await Promise.all(Array.from({ length: 200 }, () => one.acquire(SMALL)))
      expect(many).toHaveLength(200)
      expect(await first.command('EXISTS', `{${prefix}:limits1}:state`).then(Number)).toBe(0)
      await first.command('CONFIG', 'SET', 'maxmemory', '0')
      for (const lease of many) lease.settle({ status: 200 })
      await expect
        .poll(async () => {
          ;(await one.acquire(SMALL)).settle({ status: 200 })
          return first.command('EXISTS', `{${prefix}:limits1}:state`).then(Number)
        })
        .toBe(1)
    })
  },
)

describe.skipIf(!hasRedis)('a process that gives back what it held (needs redis-server)', () => {
  it('does not use it any more when Redis has it, although the reply is still on its way', async () => {
    const server = await RedisServer.start()
    const redis = new Redis(server.url)
    onTestFinished(async () => {
      redis.disconnect()
      await server.close()
    })
    await redis.ping()
    const heldWithReply: string[] = []
    let startedMeanwhile: unknown = 'not tried'
    const client: RedisClient = {
      status: 'ready',
      once: () => undefined,
      callBuffer: async (command, ...args) => {
        const reply: unknown = await redis.callBuffer(command, ...args)
        // Redis has run the report, and the process does not know it yet.
        const held = Array.isArray(reply) && reply.length === 7 ? String(reply[4]) : undefined
        if (held !== undefined) heldWithReply.push(held)
        if (held === '0' && startedMeanwhile === 'not tried') startedMeanwhile = limiter.tryAcquire(SMALL)
        return reply
      },
    }
    const limiter = createRedisRateLimiter({
      client,
      prefix: 'p',
      requestsPerMinute: 6_000,
      safety: 1,
      budgetMs: 1_000,
    })
    for (let call = 0; call < 30; call++) await limiter.acquire(SMALL)
    // Something was held ahead, and is given back once no more calls are made.
    expect(heldWithReply.some((held) => Number(held) >= 1)).toBe(true)
    await expect.poll(() => startedMeanwhile).toBeUndefined()
  })
})

describe.skipIf(!hasRedis)(
  'createRedisRateLimiter as a Redis user without rights (needs redis-server)',
  () => {
    it('keeps its limits in this process, and warns once with the rights that are missing', async () => {
      const server = await RedisServer.start()
      const admin = new Redis(server.url)
      await admin.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@read')
      const redis = new Redis(server.url.replace('//', '//reader:secret@'), { enableReadyCheck: false })
      const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
      onTestFinished(async () => {
        warn.mockRestore()
        admin.disconnect()
        redis.disconnect()
        await server.close()
      })
      const limiter = createRedisRateLimiter({
        client: redis,
        prefix: 'p',
        budgetMs: 1_000,
        requestsPerMinute: 60,
        safety: 1,
        maxWaitMs: 1_500,
      })
      // One request a second.
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => limiter.acquire(SMALL)))
      expect(outcomes[0]).toMatchObject({ status: 'fulfilled' })
      expect(outcomes[5]).toMatchObject({ status: 'rejected', reason: { name: 'RateLimitWaitError' } })
      const messages = warn.mock.calls.map(([message]) => String(message))
      const refused = messages.filter(
        (message) => message.includes('NOPERM') || message.includes("can't run"),
      )
      expect(refused).toEqual([expect.stringContaining('+@scripting')])
      expect(refused[0]).not.toContain('fleet')
    })
  },
)
