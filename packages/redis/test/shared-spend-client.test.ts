import { Harbor, perCall, type HarborOptions } from '@harbor/core'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { redisFleet, type RedisFleetOptions } from '../src/index.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

/** Each call costs 0.001. */
const MODELS = { 'gpt-4': { price: { inputPerMillion: 0, outputPerMillion: 0, perRequest: 0.001 } } }
const POT = 1e-9

interface Setting {
  readonly server: RedisServer
  readonly provider: SimulatedProvider
  readonly command: Connected['command']
  readonly join: (options?: HarborOptions, fleet?: Partial<RedisFleetOptions>) => Promise<Harbor>
}

describe.skipIf(!hasRedis).each(Object.keys(CLIENTS))(
  'spend limits of a fleet over %s (needs redis-server)',
  (name) => {
    const connect = CLIENTS[name] as (url: string) => Promise<Connected>

    async function setting(...settings: readonly string[]): Promise<Setting> {
      const server = await RedisServer.start(...settings)
      const simulator = await startSimulator()
      const provider = simulator.provider()
      const { command, disconnect } = await connect(server.url)
      const ends: (() => Promise<void>)[] = []
      onTestFinished(async () => {
        for (const end of ends) await end()
        disconnect()
        await simulator.close()
        await server.close()
      })
      return {
        server,
        provider,
        command,
        join: async (options = {}, fleet = {}) => {
          const connected = await connect(server.url)
          const harbor = new Harbor({
            apiKey: 'test-key',
            baseURL: provider.baseURL,
            logLevel: 'off',
            maxRetries: 0,
            models: MODELS,
            spendLimit: { usd: 1, per: 'total' },
            // A busy machine must not be taken for a slow Redis.
            fleet: redisFleet({ client: connected.client, share: ['spend'], budgetMs: 1_000, ...fleet }),
            ...options,
          })
          ends.push(async () => {
            await harbor.close({ graceMs: 0 })
            connected.disconnect()
          })
          return harbor
        },
      }
    }

    const ask = (harbor: Harbor, options: Parameters<Harbor['chat']['completions']['create']>[1] = {}) =>
      harbor.chat.completions.create(
        { model: 'gpt-4', messages: [{ role: 'user', content: 'Say hello.' }] },
        options,
      )
    const askTimes = (harbor: Harbor, count: number): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(Array.from({ length: count }, () => ask(harbor)))
    const used = (harbor: Harbor): number | undefined => harbor.spend()[0]?.usedUsd

    it('shows in spend(), explain() and stats() what all members have used', async () => {
      const { join } = await setting()
      const [one, other] = [await join(), await join()]
      await askTimes(one, 10)
      await one.close()
      await ask(other)
      expect(used(other)).toBeCloseTo(0.011)
      expect(other.explain().spend[0]?.leftUsd).toBeCloseTo(0.989)
      expect(other.explain().fleet).toMatchObject({ share: ['spend'], degraded: false })
      expect(other.stats().cost.spentUsd).toBeCloseTo(0.001)
    })

    it('returns the lease of a member that closes', async () => {
      const { join, command } = await setting()
      const one = await join()
      for (let n = 0; n < 20; n++) await askTimes(one, 5)
      await one.close()
      const key = await potKey(command)
      const held = `local sum = 0
        for _, each in pairs(cmsgpack.unpack(redis.call('GET', KEYS[1])).members) do sum = sum + each.o end
        return tostring(sum)`
      expect(Number(await command('EVAL', held, '1', key))).toBeLessThan(POT)
      const spent = `local pot = cmsgpack.unpack(redis.call('GET', KEYS[1])) return tostring(pot.base + pot.sum)`
      expect(Number(await command('EVAL', spent, '1', key))).toBeCloseTo(0.1)
    })

    it('judges by the limit of each member, against what all have spent', async () => {
      const { join } = await setting()
      const low = await join({ spendLimit: { usd: 0.05, per: 'total' } })
      const high = await join({ spendLimit: { usd: 0.2, per: 'total' } })
      expect(count(await askTimes(high, 60))).toBe(60)
      await expect(ask(low)).rejects.toMatchObject({ code: 'spend_limit' })
      expect(count(await askTimes(high, 200))).toBe(140)
    })

    it('gives up the wait for Redis when the call is aborted, and reserves nothing', async () => {
      const { join, server } = await setting()
      const harbor = await join()
      server.freeze()
      const leaving = new AbortController()
      const call = ask(harbor, { signal: leaving.signal })
      setTimeout(() => leaving.abort(), 50)
      await expect(call).rejects.toThrow(/aborted/i)
      server.thaw()
      await ask(harbor)
      expect(harbor.spend()[0]).toMatchObject({ reservedUsd: 0 })
      expect(used(harbor)).toBeCloseTo(0.001)
    })

    it('makes calls although the memory of Redis is full, and counts them when it is not', async () => {
      const { join, command } = await setting('--maxmemory-policy', 'noeviction')
      const [one, other] = [await join(), await join()]
      await Promise.all([ask(one), ask(other)])
      await command('CONFIG', 'SET', 'maxmemory', '1')
      const degraded = async (): Promise<boolean | undefined> => {
        expect(count(await askTimes(one, 5))).toBe(5)
        return one.stats().fleet?.degraded
      }
      await expect.poll(degraded, { interval: 100 }).toBe(true)
      expect(one.stats().fleet?.lastError).toMatch(/OOM/)
      for (let n = 0; n < 5; n++) await degraded()
      const spent = one.stats().cost.spentUsd + other.stats().cost.spentUsd
      await command('CONFIG', 'SET', 'maxmemory', '0')
      await expect.poll(() => one.stats().fleet?.degraded).toBe(false)
      await expect
        .poll(async () => (await ask(other), used(other)), { interval: 100 })
        .toBeGreaterThanOrEqual(spent)
    })

    it('counts no money twice when Redis stands still and goes on', async () => {
      const { join, server } = await setting()
      const harbor = await join({}, { budgetMs: 50 })
      await askTimes(harbor, 10)
      server.freeze()
      await askTimes(harbor, 10)
      server.thaw()
      await expect.poll(() => harbor.stats().fleet?.degraded).toBe(false)
      await ask(harbor)
      await expect.poll(() => used(harbor)).toBeCloseTo(0.021)
    })

    it('begins its periods by the clock of Redis, not by that of a process', async () => {
      const { join } = await setting()
      const spendLimit = { usd: 1, per: 'hour' } as const
      const one = await join({ spendLimit })
      await ask(one)
      await expect.poll(() => one.spend()[0]?.reservedUsd).toBe(0)
      const anHourAhead = Date.now() + 3_600_000
      const clock = vi.spyOn(Date, 'now').mockReturnValue(anHourAhead)
      onTestFinished(() => clock.mockRestore())
      const other = await join({ spendLimit })
      await expect
        .poll(async () => (await ask(other), used(other)), { interval: 100 })
        .toBeGreaterThan(other.stats().cost.spentUsd)
      expect(other.spend()[0]?.untilMs).toBe(one.spend()[0]?.untilMs)
    })

    it('waits for the first reply of a slow Redis, before which a process knows nothing', async () => {
      const { join, server } = await setting()
      const spendLimit = { usd: 0.01, per: 'total' } as const
      const one = await join({ spendLimit })
      await askTimes(one, 10)
      await one.close()
      const other = await join({ spendLimit }, { budgetMs: 50 })
      server.freeze()
      const call = askTimes(other, 10)
      setTimeout(() => server.thaw(), 300)
      // At most the one call that a process that is cut off may make.
      expect(count(await call)).toBeLessThanOrEqual(1)
    })

    it('divides a batch of embeddings and pays retries from the shared money', async () => {
      const { join, provider } = await setting()
      const harbor = await join({
        maxRetries: 2,
        embeddingBatch: true,
        retry: { backoff: () => 1 },
        models: { 'text-embedding-3-small': { price: { inputPerMillion: 1_000, outputPerMillion: 0 } } },
      })
      provider.fail({ type: 'sequence', faults: [{ type: 'status', status: 503 }] })
      const inputs = ['one text', 'another text', 'and a third text']
      await Promise.all(
        inputs.map((input) => harbor.embeddings.create({ model: 'text-embedding-3-small', input })),
      )
      expect(harbor.stats().cost.spentUsd).toBeGreaterThan(0)
      expect(used(harbor)).toBeCloseTo(harbor.stats().cost.spentUsd, 9)
      expect(harbor.spend()[0]).toMatchObject({ reservedUsd: 0 })
    })

    it('ends the bulk runs of two members together at the limit', async () => {
      const { join, provider } = await setting()
      const spendLimit = { usd: 0.05, per: 'total' } as const
      const members = [await join({ spendLimit }), await join({ spendLimit })]
      const ends = await Promise.all(
        members.map(async (harbor) => {
          const items = Array.from({ length: 60 }, (_, at) => ({
            custom_id: String(at),
            body: { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Hi.' }] },
          }))
          try {
            for await (const _result of harbor.bulk(items, { concurrency: 8 }));
            return 'all'
          } catch (error) {
            return (error as { code?: unknown }).code
          }
        }),
      )
      expect(ends).toContain('spend_limit')
      expect(provider.counts().calls).toBe(50)
    })

    it('refuses no tenant because of another one, and shows no label in Redis', async () => {
      const { join, command } = await setting()
      const spendLimit = { usd: 0.01, per: 'day', by: 'tenant' } as const
      const [one, other] = [await join({ spendLimit }), await join({ spendLimit })]
      const of = (tenant: string) => perCall({ labels: { tenant } })
      for (let n = 0; n < 10; n++) await ask(one, of('acme-corp'))
      await expect(ask(other, of('acme-corp'))).rejects.toMatchObject({ code: 'spend_limit' })
      await ask(other, of('globex'))
      for (const key of (await command('KEYS', '*')) as string[]) {
        const dump = String(await command('DUMP', key))
        expect(key + dump).not.toMatch(/acme|globex|tenant|test-key/)
        expect(Number(await command('PTTL', key))).toBeGreaterThan(0)
      }
    })
  },
)

const count = (results: readonly PromiseSettledResult<unknown>[]): number =>
  results.filter(({ status }) => status === 'fulfilled').length

async function potKey(command: Connected['command']): Promise<string> {
  const keys = ((await command('KEYS', '*spend1*')) as string[]).filter((key) => !key.endsWith(':seen'))
  expect(keys).toHaveLength(1)
  return String(keys[0])
}
