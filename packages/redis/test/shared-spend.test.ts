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
    expect(sum(outcomes.map(({ answered }) => answered))).toBe(1_000)
    for (const { others, fleet, spend } of outcomes) {
      expect(others).toEqual([])
      expect(fleet).toMatchObject({ members: 4, degraded: false })
      expect(spend[0]?.leftUsd).toBeCloseTo(0)
    }
    expect(provider.counts().calls).toBe(1_000)
  })
})

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
