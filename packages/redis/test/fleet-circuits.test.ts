import { consecutive } from '@harbor/breaker'
import { Harbor, type HarborEvents, type HarborOptions } from '@harbor/core'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { redisFleet } from '../src/index.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const DOWN = { rules: [{ fault: { type: 'status', status: 500 } }] } as const
const BODY = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Hello.' }] }

interface Setting {
  readonly provider: SimulatedProvider
  readonly harbors: readonly [Harbor, Harbor, Harbor]
  readonly client: Redis
}

/** Three clients of one fleet, each with a connection of its own. One failure opens a circuit. */
async function three(options: HarborOptions = {}): Promise<Setting> {
  const server = await RedisServer.start()
  const simulator = await startSimulator()
  const provider = simulator.provider()
  const clients: Redis[] = []
  const connect = async (): Promise<Redis> => {
    const client = new Redis(server.url, { lazyConnect: true })
    clients.push(client)
    await client.connect()
    return client
  }
  const join = async (): Promise<Harbor> =>
    new Harbor({
      apiKey: 'test-key',
      baseURL: provider.baseURL,
      logLevel: 'off',
      maxRetries: 0,
      health: false,
      breaker: { trip: consecutive(1), openForMs: 1_500 },
      fleet: redisFleet({ client: await connect(), share: ['breakers'], budgetMs: 1_000 }),
      ...options,
    })
  const harbors = [await join(), await join(), await join()] as const
  onTestFinished(async () => {
    await Promise.all(harbors.map((harbor) => harbor.close()))
    for (const client of clients) client.disconnect()
    await simulator.close()
    await server.close()
  })
  return { provider, harbors: [...harbors], client: await connect() }
}

/** Returns the status of a call: 200, or that of its error. */
async function ask(harbor: Harbor): Promise<unknown> {
  try {
    await harbor.chat.completions.create(BODY)
    return 200
  } catch (error) {
    return (error as { status?: unknown }).status
  }
}

/** Waits until Redis has got this number of changes: openings, closings, cooldowns. */
async function hasChanged(client: Redis, times: number): Promise<void> {
  const version = (): Promise<string | null> => client.hget('{harbor:circuits1}:state', '#version')
  await expect.poll(version).toBe(String(times))
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.skipIf(!hasRedis)('the circuits of a fleet (needs redis-server)', () => {
  it('open for a client that has not called, which says that other processes have opened them', async () => {
    const { provider, harbors, client } = await three({ breaker: { trip: consecutive(1) } })
    const [one, two, late] = harbors
    const heard: HarborEvents['breaker'][] = []
    late.on('breaker', (event) => heard.push(event))
    provider.script(DOWN)
    expect(await Promise.all([ask(one), ask(two)])).toEqual([500, 500])
    await hasChanged(client, 1)
    await expect.poll(() => two.stats().fleet?.members).toBeGreaterThan(1)
    expect(await ask(late)).toBe(503)
    expect(provider.counts().calls).toBe(2)
    expect(heard).toMatchObject([{ target: 'openai/gpt-4', state: 'open', byFleet: true }])
    expect(late.explain(BODY).targets).toMatchObject([
      { state: 'open', leftOut: 'its circuit was opened by other processes' },
    ])
    expect(one.explain(BODY).targets).toMatchObject([{ state: 'open', leftOut: 'its circuit is open' }])
  })

  it('let the first call after the open time probe, also after an idle time, and close for all', async () => {
    const { provider, harbors, client } = await three()
    const [one, two, late] = harbors
    provider.script(DOWN)
    expect(await Promise.all([ask(one), ask(two)])).toEqual([500, 500])
    await pause(2_000)
    provider.script({})
    expect(await ask(late)).toBe(200)
    await hasChanged(client, 2)
    expect(await Promise.all([ask(one), ask(two)])).toEqual([200, 200])
    expect(provider.counts().calls).toBe(5)
  })

  it('are the cooldowns of a credential, too, which is not seen in Redis', async () => {
    const { provider, harbors, client } = await three({
      fallback: ['backup/gpt-4'],
      providers: { backup: { apiKey: 'backup-key', baseURL: 'http://127.0.0.1:9/v1' } },
    })
    const [one, two] = harbors
    provider.fail({ type: 'status', status: 401 })
    await ask(one)
    await hasChanged(client, 1)
    expect(two.explain(BODY).targets).toHaveLength(2)
    await ask(two)
    expect(provider.counts().calls).toBe(1)
    expect(two.explain(BODY).targets[0]?.leftOut).toBe('its credential was refused or is used up')
    for (const key of await client.keys('*')) {
      for (const secret of ['test-key', 'backup-key'])
        expect(key + (await client.dump(key))).not.toContain(secret)
    }
  })

  it('change nothing for a client without another target when others started a cooldown', async () => {
    const { provider, harbors, client } = await three()
    const [one, two] = harbors
    provider.fail({ type: 'status', status: 429, retryAfter: '60' })
    expect(await ask(one)).toBe(429)
    await hasChanged(client, 1)
    expect(await ask(two)).toBe(200)
  })
})
