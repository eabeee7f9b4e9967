import { Harbor, type HarborOptions } from '@harbor/core'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { RIGHTS } from '../src/client/forbidden.ts'
import { redisFleet, type RedisFleetOptions } from '../src/index.ts'
import { freePort } from '../../parts/test/free-port.ts'
import { FleetProcess } from './fleet-processes.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

/** 300 calls a second for all members together. */
const PER_MINUTE = 18_000
const CALLS = 500
const OPTIONS: HarborOptions = {
  logLevel: 'off',
  limits: { requestsPerMinute: PER_MINUTE, burstMs: 500 },
  spendLimit: { usd: 1_000, per: 'day' },
  cache: { when: 'always', farReadTimeoutMs: 10_000 },
}

interface Setting {
  readonly server: RedisServer
  readonly provider: SimulatedProvider
}

/** The provider refuses what exceeds its limit by more than two seconds of it. */
async function setting(...settings: readonly string[]): Promise<Setting> {
  const server = await RedisServer.start(...settings)
  const limits = { requestsPerMinute: PER_MINUTE, burst: 2 / 60, headers: 'retry-after' } as const
  const simulator = await startSimulator({ providers: { openai: { latency: 10, limits } } })
  onTestFinished(async () => {
    await simulator.close()
    await server.close()
  })
  return { server, provider: simulator.provider() }
}

/** A client with a connection of its own, which makes its calls in turn, 16 at a time. */
class Member {
  readonly harbor: Harbor
  made = 0
  readonly failures: string[] = []
  /** Whether the member was degraded, at each event `fleet`. */
  readonly events: boolean[] = []
  readonly #name: string

  private constructor(
    client: Redis,
    { provider }: Setting,
    name: string,
    options: Partial<RedisFleetOptions>,
  ) {
    this.#name = name
    const fleet = redisFleet({ client, ...options })
    this.harbor = new Harbor({ apiKey: 'test-key', baseURL: provider.baseURL, fleet, ...OPTIONS })
    this.harbor.on('fleet', ({ degraded }) => this.events.push(degraded))
    onTestFinished(async () => {
      await this.harbor.close()
      client.disconnect()
    })
  }

  static async connect(
    setting: Setting,
    name: string,
    { url = setting.server.url, ...options }: Partial<RedisFleetOptions> & { url?: string } = {},
  ): Promise<Member> {
    const client = new Redis(url, { retryStrategy: () => 20, lazyConnect: true })
    client.on('error', () => undefined)
    await client.connect()
    return new Member(client, setting, name, options)
  }

  async callAll(): Promise<void> {
    let begun = 0
    const caller = async (): Promise<void> => {
      while (begun++ < CALLS) {
        try {
          await this.#ask(`${this.#name} ${begun}`)
        } catch (error) {
          this.failures.push(String(error))
        }
        this.made++
      }
    }
    await Promise.all(Array.from({ length: 16 }, caller))
  }

  #ask(content: string): Promise<unknown> {
    return this.harbor.chat.completions.create({
      model: 'gpt-4',
      messages: [{ role: 'user', content }],
    })
  }
}

async function command(server: RedisServer, ...args: string[]): Promise<unknown> {
  const client = await createClient({ url: server.url }).connect()
  try {
    return await client.sendCommand(args)
  } finally {
    client.destroy()
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What happens to the server, and with which settings it was started. */
const TROUBLES: Readonly<Record<string, (server: RedisServer) => Promise<void>>> = {
  'killed, and replaced by an empty one': async (server) => {
    await server.kill()
    await pause(1_000)
    await server.restart()
  },
  'stopped for ten seconds': async (server) => {
    server.freeze()
    await pause(10_000)
    server.thaw()
  },
  flushed: async (server) => {
    await command(server, 'FLUSHALL')
  },
  'without its scripts': async (server) => {
    await command(server, 'SCRIPT', 'FLUSH')
  },
  'late with its replies': async (server) => {
    for (let round = 0; round < 5; round++) {
      await command(server, 'CLIENT', 'PAUSE', '200', 'ALL')
      await pause(300)
    }
  },
  'full, and evicts nothing': async (server) => {
    await command(server, 'CONFIG', 'SET', 'maxmemory', '1')
    await pause(1_500)
    await command(server, 'CONFIG', 'SET', 'maxmemory', '0')
  },
}

describe.skipIf(!hasRedis)('a fleet whose Redis is (needs redis-server)', () => {
  it.each(Object.entries(TROUBLES))(
    '%s answers every call, exceeds no limit, and is whole again afterwards',
    async (_, trouble) => {
      const { server, provider } = await setting('--maxmemory-policy', 'noeviction')
      const members = await Promise.all(
        ['one', 'two', 'three'].map((name) => Member.connect({ server, provider }, name)),
      )
      const calling = members.map((member) => member.callAll())
      await expect.poll(() => members[0]?.made, { interval: 10 }).toBeGreaterThan(CALLS / 5)
      await trouble(server)
      await expect.poll(() => members.filter(({ harbor }) => harbor.stats().fleet?.degraded)).toEqual([])
      await Promise.all(calling)
      expect(members.flatMap(({ failures }) => failures)).toEqual([])
      // A retry would hide that the provider had refused a call.
      expect(provider.counts().byStatus).toEqual({ 200: 3 * CALLS })
    },
  )
})

describe.skipIf(!hasRedis)('a fleet (needs redis-server)', () => {
  it('pays once for what its members ask one after the other', async () => {
    const own = await setting()
    // Time enough, also on a busy machine: an answer that is not read in time is paid again.
    const first = await Member.connect(own, 'same', { budgetMs: 1_000 })
    const second = await Member.connect(own, 'same', { budgetMs: 1_000 })
    await first.callAll()
    await second.callAll()
    expect(second.harbor.stats().cache.hits).toBeGreaterThan(0.9 * CALLS)
    expect(own.provider.counts().calls).toBeLessThan(1.1 * CALLS)
  })

  it('is not disturbed by a process whose clock is an hour ahead', async () => {
    const { server, provider } = await setting()
    const work = { redisUrl: server.url, baseURL: provider.baseURL, calls: CALLS, concurrency: 16 }
    const processes = await Promise.all(
      [0, 3_600_000].map((clockAheadMs) =>
        FleetProcess.start({ ...work, cold: true, clockAheadMs, options: OPTIONS }),
      ),
    )
    for (const process of processes) process.go()
    await Promise.all(processes.map(({ ended }) => ended))
    expect(processes.flatMap(({ report }) => report.failures)).toEqual([])
    expect(provider.counts().byStatus).toEqual({ 200: 2 * CALLS })
    expect(processes.map(({ report }) => report.fleet?.members)).toEqual([2, 2])
  })

  /** Makes calls with two members, as a Redis user with these rights. Returns their statistics and the warnings. */
  async function callAs(...rules: readonly string[]) {
    const { server, provider } = await setting()
    await command(server, 'ACL', 'SETUSER', 'fleet', 'on', '>secret', ...rules)
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    onTestFinished(() => warn.mockRestore())
    const url = server.url.replace('//', '//fleet:secret@')
    const share = ['limits', 'breakers', 'spend', 'cache', 'flights'] as const
    const options = { url, share, budgetMs: 1_000 }
    const names = ['one', 'two']
    const members = await Promise.all(
      names.map((name) => Member.connect({ server, provider }, name, options)),
    )
    await Promise.all(members.map((member) => member.callAll()))
    expect(members.flatMap(({ failures }) => failures)).toEqual([])
    expect(provider.counts().byStatus).toEqual({ 200: 2 * CALLS })
    return {
      fleets: members.map(({ harbor }) => harbor.stats().fleet),
      events: members.map(({ events }) => events),
      warnings: warn.mock.calls.map(([message]) => String(message)),
    }
  }

  it('shares all else if its Redis user may not run a command', async () => {
    const { fleets, warnings, events } = await callAs('~*', '+@all', '-xadd')
    // Only flights need the command. Limits and money are still shared.
    const lastError = expect.stringMatching(/NOPERM|can't run this command/) as string
    expect(fleets).toMatchObject(Array.from({ length: 2 }, () => ({ members: 2, degraded: true, lastError })))
    expect(warnings.filter((message) => message.includes('Redis refuses a command of Harbor'))).toHaveLength(
      2,
    )
    expect(events).toEqual([[true], [true]])
  })

  it('needs no more rights than its warning names', async () => {
    const { fleets, warnings, events } = await callAs('~*harbor:*', '-@all', ...RIGHTS)
    expect(fleets).toMatchObject(Array.from({ length: 2 }, () => ({ members: 2, degraded: false })))
    expect(warnings.filter((message) => message.includes('refuses'))).toEqual([])
    expect(events).toEqual([[], []])
  })

  it('answers every call with a client of one server that turns out to be part of a cluster', async () => {
    // By default the second port of a cluster's server is 10,000 above the first: among those of outgoing connections, so it may be taken.
    const busPort = String(await freePort())
    const { server, provider } = await setting('--cluster-enabled', 'yes', '--cluster-port', busPort)
    const member = await Member.connect({ server, provider }, 'one')
    await member.callAll()
    expect(member.failures).toEqual([])
    expect(provider.counts().byStatus).toEqual({ 200: CALLS })
    expect(member.harbor.stats().fleet).toMatchObject({
      degraded: true,
      lastError: expect.stringMatching(/CLUSTERDOWN|MOVED/) as string,
    })
  })
})
