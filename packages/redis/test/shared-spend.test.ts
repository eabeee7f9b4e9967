import type { SpendLimitOptions } from '@harbor/core'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, RedisServer } from './redis-server.ts'
import { startSpender, type Spender, type SpenderOptions } from './spending.ts'

interface Started {
  readonly server: RedisServer
  readonly provider: SimulatedProvider
  readonly spenders: Spender[]
}

async function start(
  count: number,
  limits: readonly SpendLimitOptions[],
  prices: Pick<SpenderOptions, 'perRequest' | 'outputPerMillion'>,
): Promise<Started> {
  const server = await RedisServer.start()
  const simulator = await startSimulator()
  const provider = simulator.provider()
  const options = { redisUrl: server.url, baseURL: provider.baseURL, limits, ...prices }
  const spenders = await Promise.all(Array.from({ length: count }, () => startSpender(options)))
  onTestFinished(async () => {
    for (const { child } of spenders) child.kill('SIGKILL')
    await simulator.close()
    await server.close()
  })
  return { server, provider, spenders }
}

describe.skipIf(!hasRedis)('a spend limit of several processes (needs redis-server)', () => {
  it('lets four processes with 2,000 calls at once spend all of it, and no more', async () => {
    const { provider, spenders } = await start(4, [{ usd: 1, per: 'total' }], { perRequest: 0.001 })
    const outcomes = await Promise.all(spenders.map((spender) => spender.call({ calls: 500 })))
    expect(provider.counts().calls).toBe(1_000)
    expect(sum(outcomes.map(({ answered }) => answered))).toBe(1_000)
    for (const { others, fleet, spend } of outcomes) {
      expect(others).toEqual([])
      expect(fleet?.members).toBeGreaterThan(1)
      expect(spend[0]?.leftUsd).toBeCloseTo(0)
    }
  })

  it('refuses no call while more than 5 % is left, although reservations are larger than costs', async () => {
    const { provider, spenders } = await start(4, [{ usd: 1, per: 'total' }], LARGE_RESERVATION)
    const orders = spenders.map((spender) => spender.call({ calls: 500, concurrency: 8, maxTokens: 100 }))
    const outcomes = await Promise.all(orders)
    const refusals = outcomes.flatMap((outcome) => outcome.refusals)
    expect(refusals.length).toBeGreaterThan(100)
    for (const message of refusals) expect(leftIn(message)).toBeLessThan(0.001)
    const used = Math.max(...outcomes.map(({ spend }) => spend[0]?.usedUsd ?? 0))
    // 32 calls may be in flight, each of which reserves 0.001.
    expect(used).toBeGreaterThan(0.95)
    expect(used).toBeLessThanOrEqual(1 + 1e-9)
    expect(provider.counts().calls).toBe(sum(outcomes.map(({ answered }) => answered)))
  })

  it('sends less than one command for five calls while much is left', async () => {
    const { spenders } = await start(2, [{ usd: 1_000, per: 'day' }], { perRequest: 0.001 })
    const outcomes = await Promise.all(
      spenders.map((spender) => spender.call({ calls: 600, concurrency: 20 })),
    )
    for (const { answered, fleet } of outcomes) {
      expect(answered).toBe(600)
      expect(fleet?.roundTrips).toBeLessThan(120)
    }
  })

  it('returns the lease of a killed process, and counts what it had in flight', async () => {
    const { provider, spenders } = await start(3, [{ usd: 1, per: 'total' }], { perRequest: 0.001 })
    const [killed, ...others] = spenders
    killed?.call({ calls: 100_000, concurrency: 20 }).catch(() => undefined)
    await expect.poll(() => provider.counts().calls).toBeGreaterThan(200)
    killed?.child.kill('SIGKILL')
    const outcomes = await Promise.all(
      others.map((spender) => spender.call({ calls: 1_000, concurrency: 50 })),
    )
    const { calls } = provider.counts()
    expect(calls).toBeLessThanOrEqual(1_000 + 1)
    // What it had in flight or leased counts as spent, since it is not known how much of it was used.
    expect(calls).toBeGreaterThanOrEqual(800)
    for (const message of outcomes.flatMap(({ refusals }) => refusals))
      expect(leftIn(message)).toBeLessThan(0.001)
  })

  it('remembers what was spent when Redis loses its data', async () => {
    const { server, provider, spenders } = await start(2, [{ usd: 1, per: 'total' }], { perRequest: 0.001 })
    await Promise.all(spenders.map((spender) => spender.call({ calls: 200, concurrency: 10 })))
    await flush(server)
    const outcomes = await Promise.all(
      spenders.map((spender) => spender.call({ calls: 600, concurrency: 10 })),
    )
    // What one of them has spent just before the loss, and the other one does not know, is reported again.
    expect(provider.counts().calls).toBeLessThanOrEqual(1_000 + 1)
    expect(provider.counts().calls).toBeGreaterThanOrEqual(950)
    expect(outcomes.flatMap(({ others }) => others)).toEqual([])
  })

  it('is divided while Redis cannot be reached, and counted together when it is back', async () => {
    const { server, provider, spenders } = await start(4, [{ usd: 1, per: 'total' }], { perRequest: 0.001 })
    await Promise.all(spenders.map((spender) => spender.call({ calls: 50 })))
    // What a process holds for its next calls is not left for the others. It goes back when it makes none.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await Promise.all(spenders.map((spender) => spender.call({ calls: 1, concurrency: 1 })))
    await server.kill()
    const outcomes = await Promise.all(
      spenders.map((spender) => spender.call({ calls: 300, concurrency: 20 })),
    )
    for (const { answered, others, fleet } of outcomes) {
      // A quarter of what was left when the process last knew, or of all.
      expect(answered).toBeLessThanOrEqual(250)
      expect(answered).toBeGreaterThanOrEqual(180)
      expect(others).toEqual([])
      expect(fleet).toMatchObject({ members: 4, degraded: true })
    }
    const before = provider.counts().calls
    expect(before).toBeLessThanOrEqual(1_000 + 4 * 50)
    await server.restart()
    await new Promise((resolve) => setTimeout(resolve, 4_500))
    const after = await Promise.all(spenders.map((spender) => spender.call({ calls: 300, concurrency: 20 })))
    expect(after.map(({ fleet }) => fleet?.degraded)).toEqual([false, false, false, false])
    expect(provider.counts().calls).toBeLessThanOrEqual(Math.max(1_000, before) + 4)
  })

  it('refuses no tenant for the money of another one', async () => {
    const limits = [
      { usd: 100, per: 'day' },
      { usd: 0.1, per: 'day', by: 'tenant' },
    ] as const
    const { spenders } = await start(2, limits, { perRequest: 0.001 })
    const [one, other] = spenders as [Spender, Spender]
    const both = await Promise.all([
      one.call({ calls: 150, tenant: 'acme' }),
      other.call({ calls: 150, tenant: 'acme' }),
    ])
    expect(sum(both.map(({ answered }) => answered))).toBe(100)
    for (const message of both.flatMap(({ refusals }) => refusals)) expect(message).toContain('tenant "acme"')
    expect(await other.call({ calls: 100, tenant: 'other' })).toMatchObject({ answered: 100, refusals: [] })
  })
})

/** A call reserves 0.001, of which it spends a bit more than half. */
const LARGE_RESERVATION = { perRequest: 0.0005, outputPerMillion: 5 }

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** Returns what a refusal says is left, in US dollars. */
const leftIn = (message: string): number => Number(/and \$([\d.]+) of/.exec(message)?.[1] ?? NaN)

async function flush(server: RedisServer): Promise<void> {
  const { createClient } = await import('redis')
  const client = await createClient({ url: server.url }).connect()
  await client.flushAll()
  client.destroy()
}
