import { Harbor, type Fleet, type HarborOptions } from '@harbor/core'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import { redisFleet, type RedisFleetOptions } from '../src/index.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const QUESTION = {
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content: 'Say hello.' }],
}

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))('a fleet over %s (needs redis-server)', (name) => {
  const connect = CLIENTS[name] as (url: string) => Promise<Connected>

  async function members(
    count: number,
    options: HarborOptions,
    fleet: Partial<RedisFleetOptions> = {},
  ): Promise<{
    server: RedisServer
    provider: SimulatedProvider
    harbors: Harbor[]
    command: Connected['command']
  }> {
    const server = await RedisServer.start()
    const simulator = await startSimulator()
    const provider = simulator.provider()
    const connected = await Promise.all(Array.from({ length: count + 1 }, () => connect(server.url)))
    const harbors = connected.slice(1).map(
      ({ client }) =>
        new Harbor({
          apiKey: 'test-key',
          baseURL: provider.baseURL,
          logLevel: 'off',
          // A busy machine must not look like a slow Redis.
          fleet: redisFleet({ client, budgetMs: 1_000, ...fleet }) satisfies Fleet,
          ...options,
        }),
    )
    onTestFinished(async () => {
      await Promise.all(harbors.map((harbor) => harbor.close()))
      for (const { disconnect } of connected) disconnect()
      await simulator.close()
      await server.close()
    })
    return { server, provider, harbors, command: (connected[0] as Connected).command }
  }

  const ask = (harbor: Harbor | undefined): Promise<unknown> =>
    (harbor as Harbor).chat.completions.create(QUESTION)

  it('shares the limits of a quota group', async () => {
    const limits = { requestsPerMinute: 1_200, burstMs: 100, safety: 1 }
    const { provider, harbors } = await members(3, { limits })
    const startedAt = performance.now()
    await Promise.all(harbors.flatMap((harbor) => Array.from({ length: 7 }, () => ask(harbor))))
    // 21 calls at 20 a second, two of which may start at once.
    expect(performance.now() - startedAt).toBeGreaterThan(700)
    expect(provider.counts().calls).toBe(21)
    expect(harbors.map((harbor) => harbor.stats().fleet)).toMatchObject([
      { members: 3, degraded: false },
      { members: 3, degraded: false },
      { members: 3, degraded: false },
    ])
  })

  it('keeps the limits of different keys apart, and no key is seen in Redis', async () => {
    const limits = { requestsPerMinute: 600, burstMs: 100, safety: 1 }
    const { harbors, command } = await members(1, { limits })
    const other = (harbors[0] as Harbor).withOptions({ apiKey: 'other-key' })
    await Promise.all([ask(harbors[0]), ask(other)])
    const keys = (await command('KEYS', '*')) as string[]
    expect(keys.filter((key) => /limits1.*:state$/.test(key))).toHaveLength(2)
    for (const key of keys) {
      const dump = String(await command('DUMP', key))
      for (const secret of ['test-key', 'other-key', 'hello']) expect(key + dump).not.toContain(secret)
    }
  })

  it('serves an answer that another member has cached', async () => {
    const { provider, harbors } = await members(2, { cache: true })
    await ask(harbors[0])
    await expect.poll(async () => (await ask(harbors[1]), harbors[1]?.stats().cache.hits)).toBeGreaterThan(0)
    expect(provider.counts().calls).toBeLessThanOrEqual(2)
  })

  it('goes on without Redis, says so, and shares again when Redis is back', async () => {
    const { server, harbors } = await members(
      2,
      { limits: { requestsPerMinute: 60_000 }, cache: true },
      { budgetMs: 200 },
    )
    const heard: boolean[] = []
    harbors[0]?.on('fleet', ({ degraded }) => heard.push(degraded))
    await Promise.all([ask(harbors[0]), ask(harbors[1])])
    server.freeze()
    const different = (n: number): Promise<unknown> =>
      (harbors[0] as Harbor).chat.completions.create({ ...QUESTION, max_completion_tokens: n + 1 })
    for (let n = 0; n < 20; n++) await different(n)
    expect(harbors[0]?.stats().fleet).toMatchObject({
      degraded: true,
      lastError: 'Redis has not answered within 200 ms.',
    })
    expect(harbors[0]?.explain().fleet).toMatchObject({
      share: ['limits', 'breakers', 'spend', 'cache'],
      degraded: true,
    })
    server.thaw()
    await expect.poll(() => harbors[0]?.stats().fleet?.degraded).toBe(false)
    expect(heard).toEqual([true, false])
  })

  it('has keys with a version and a time to live only, so that two versions do not meet', async () => {
    const { harbors, command } = await members(
      2,
      { limits: { requestsPerMinute: 6_000 }, cache: true, spendLimit: { usd: 1, per: 'day' } },
      { share: ['limits', 'breakers', 'spend', 'cache', 'flights'] },
    )
    let questions = 0
    const keys = new Map<string, number>()
    // Some keys live for less time than a busy machine takes to read them, so each look follows new calls.
    const partsOfNewCalls = async (): Promise<number> => {
      const messages = [{ role: 'user' as const, content: `Question ${++questions}` }]
      await Promise.all(harbors.map((harbor) => harbor.chat.completions.create({ ...QUESTION, messages })))
      for (const [key, ms] of (await command('EVAL', KEYS_WITH_TIMES, '0')) as [string, number][])
        keys.set(key, ms)
      return new Set([...keys.keys()].map(partOf)).size
    }
    await expect.poll(partsOfNewCalls).toBe(5)
    for (const [key, msToLive] of keys) {
      expect(key).toMatch(/^\{?harbor:[^}]*[a-z]\d+[:}]/)
      expect(msToLive, key).toBeGreaterThan(0)
    }
  })

  it.each([
    ['evicts keys', 'allkeys-lru', ['limits'], /drops the counts/],
    ['refuses writes', 'noeviction', ['limits', 'cache'], /refuses to store answers/],
  ] as const)('warns once of a server that %s when its memory is full', async (_, policy, share, text) => {
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    onTestFinished(() => void process.off('warning', listen))
    const server = await RedisServer.start('--maxmemory', '100mb', '--maxmemory-policy', policy)
    const { client, disconnect } = await connect(server.url)
    const simulator = await startSimulator()
    const harbor = new Harbor({
      apiKey: 'test-key',
      baseURL: simulator.provider().baseURL,
      logLevel: 'off',
      cache: true,
      limits: { requestsPerMinute: 600 },
      fleet: redisFleet({ client, share }),
    })
    onTestFinished(async () => {
      await harbor.close()
      disconnect()
      await simulator.close()
      await server.close()
    })
    for (let n = 0; n < 3; n++) await ask(harbor)
    await expect.poll(() => warnings).toEqual([expect.stringMatching(text)])
  })

  it('shares only what is listed', async () => {
    const { harbors, command } = await members(
      1,
      { limits: { requestsPerMinute: 600 }, cache: true },
      { share: ['cache'] },
    )
    await ask(harbors[0])
    await expect.poll(async () => ((await command('KEYS', '*')) as string[]).length).toBe(1)
    expect(await command('KEYS', '*')).toMatchObject([expect.stringMatching(/^harbor:cache/)])
  })
})

const CONNECTED = { status: 'ready', callBuffer: () => Promise.resolve() }

/** The part of a fleet to which a key belongs, by the name before its version. */
/** Returns all keys with their times to live, in milliseconds, as they are at one moment. */
const KEYS_WITH_TIMES = `
  local found = {}
  for _, key in ipairs(redis.call('KEYS', '*')) do found[#found + 1] = { key, redis.call('PTTL', key) } end
  return found`

const partOf = (key: string): string => /([a-z]+)\d+[:}]/.exec(key)?.[1] ?? key

describe('redisFleet', () => {
  it.each([
    [{}, /client/],
    [{ client: {} }, /ioredis or node-redis/],
    [{ client: { isCluster: true } }, /cluster/],
    [{ client: CONNECTED, share: ['limit'] }, /share/],
    [{ client: CONNECTED, prefix: 'a:b' }, /prefix/],
    [{ client: CONNECTED, budgetMs: 0 }, /budgetMs/],
    [{ client: CONNECTED, cacheClient: {} }, /ioredis or node-redis/],
    [{ client: CONNECTED, budget: 1 }, /budget/],
  ])('refuses %j', (options, message) => {
    expect(() => redisFleet(options as never)).toThrow(message)
  })
})
