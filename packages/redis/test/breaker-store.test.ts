import {
  BreakerOpenError,
  CircuitBreaker,
  consecutive,
  type BreakerOptions,
  type Permit,
} from '@harbor/breaker'
import { describe, expect, it, type TestContext } from 'vitest'
import { redisBreakerStore, type RedisBreakerStore, type RedisBreakerStoreOptions } from '../src/index.ts'
import { CLIENTS, type Connected } from './clients.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const down = new Error('down')
/** The members of a fleet use both in turn. */
const CONNECT = Object.values(CLIENTS)

/** One process of a fleet, as far as its circuits are concerned. */
interface Member {
  readonly store: RedisBreakerStore
  breaker(name?: string): CircuitBreaker
}

interface Fleet {
  readonly server: RedisServer
  readonly members: readonly Member[]
  readonly command: Connected['command']
  commands(): Promise<number>
  until<T>(read: () => T): ReturnType<typeof expect.poll<T>>
}

async function fleetOf(
  context: Pick<TestContext, 'onTestFinished' | 'expect'>,
  count: number,
  options: (index: number) => Partial<RedisBreakerStoreOptions> & { breaker?: BreakerOptions } = () => ({}),
): Promise<Fleet> {
  const server = await RedisServer.start()
  const connected = await Promise.all(
    Array.from({ length: count + 1 }, (_, index) =>
      (CONNECT[index % 2] as (typeof CONNECT)[number])(server.url),
    ),
  )
  const members = connected.slice(1).map(({ client }, index): Member => {
    const { breaker, ...own } = options(index)
    const store = redisBreakerStore({ client, budgetMs: 1_000, ...own })
    const breakers = new Map<string, CircuitBreaker>()
    return {
      store,
      breaker(name = 'gpt-5') {
        let known = breakers.get(name)
        known ??= new CircuitBreaker({ trip: consecutive(1), openForMs: 60_000, ...breaker, store, name })
        breakers.set(name, known)
        return known
      },
    }
  })
  const [observer] = connected
  if (!observer) throw new Error('no client')
  context.onTestFinished(async () => {
    await Promise.all(members.map(({ store }) => store.close()))
    for (const { disconnect } of connected) disconnect()
    await server.close()
  })
  const commands = async (): Promise<number> => {
    const info = String(await observer.command('INFO', 'commandstats'))
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0)
  }
  const until: Fleet['until'] = (read) => context.expect.poll(read, { interval: 10 })
  return { server, members, command: observer.command, commands, until }
}

/** Makes a successful call of each member, and waits until Redis counts all of them as callers. */
async function callOnce(fleet: Fleet): Promise<void> {
  for (const member of fleet.members) await member.breaker().run(() => 'fine')
  await fleet.until(() => callers(fleet)).toBe(fleet.members.length)
}

const callers = (fleet: Fleet): Promise<number> => sizeOf(fleet, '*:callers:*')
const votes = (fleet: Fleet): Promise<number> => sizeOf(fleet, '*:votes:*')

async function sizeOf({ command }: Fleet, pattern: string): Promise<number> {
  const [key] = (await command('KEYS', pattern)) as string[]
  return key === undefined ? 0 : Number(await command('ZCARD', key))
}

/** A process only follows the fleet while it makes calls: here through another circuit. */
function traffic(member: Member | undefined): void {
  member?.breaker('traffic').acquire().succeed()
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Returns the states of a circuit in all processes, each of which makes a call. */
function states({ members }: Fleet): string[] {
  return members.map((member) => {
    traffic(member)
    return member.breaker().state
  })
}

function fail(member: Member | undefined, error: unknown = down): void {
  member?.breaker().acquire().fail(error)
}

describe.skipIf(!hasRedis)('redisBreakerStore (needs redis-server)', () => {
  it.concurrent(
    'opens the circuit of all processes when two of them have opened it, also of one that has not called it',
    async (context) => {
      const fleet = await fleetOf(context, 4)
      const [one, two, three, late] = fleet.members
      await three?.breaker().run(() => 'fine')
      fail(one)
      fail(two)
      await fleet.until(() => (traffic(three), three?.breaker().state)).toBe('open')
      // The circuit is created when it is open for the others.
      await fleet.until(() => (traffic(late), late?.breaker().state)).toBe('open')
      expect(() => late?.breaker().check()).toThrow(BreakerOpenError)
      expect(late?.breaker().retryAfterMs).toBeGreaterThan(30_000)
    },
  )

  it.concurrent('opens nothing for the others when one process fails again and again', async (context) => {
    const fleet = await fleetOf(context, 4, () => ({ breaker: { openForMs: () => 1 } }))
    await callOnce(fleet)
    const [broken] = fleet.members
    const before = await fleet.commands()
    for (let failures = 0; failures < 20; failures++) {
      await fleet.until(() => broken?.breaker().state).not.toBe('open')
      fail(broken)
    }
    await fleet.until(() => (states(fleet), fleet.commands())).toBeGreaterThan(before + 10)
    expect(states(fleet).slice(1)).toEqual(['closed', 'closed', 'closed'])
  })

  it.concurrent('needs 30 % of the callers of the last seconds', async (context) => {
    const fleet = await fleetOf(context, 8)
    await callOnce(fleet)
    const [one, two, three] = fleet.members
    fail(one)
    fail(two)
    const before = await fleet.commands()
    await fleet.until(() => (states(fleet), fleet.commands())).toBeGreaterThan(before + 16)
    expect(states(fleet).filter((state) => state === 'open')).toHaveLength(2)
    fail(three)
    await fleet.until(() => states(fleet)).toEqual(Array(8).fill('open'))
  })

  it.concurrent.for([429, 401, 402])(
    'opens the circuit of all at once after a %d',
    async (status, context) => {
      const fleet = await fleetOf(context, 3)
      await callOnce(fleet)
      fail(fleet.members[0], { status })
      await fleet.until(() => states(fleet)).toEqual(['open', 'open', 'open'])
    },
  )

  it.concurrent(
    'lets one process probe for all, whose success closes the circuit of all',
    async (context) => {
      const fleet = await fleetOf(context, 5, () => ({ breaker: { openForMs: 2_000 } }))
      await callOnce(fleet)
      fail(fleet.members[0], { status: 429 })
      await fleet.until(() => states(fleet)).toEqual(Array(5).fill('open'))
      const probes: Permit[] = []
      const callAll = (): void => {
        for (const member of fleet.members) {
          try {
            probes.push(member.breaker().acquire())
          } catch (error) {
            expect(BreakerOpenError.is(error)).toBe(true)
          }
        }
      }
      await fleet.until(() => (callAll(), probes.length)).toBe(1)
      const before = await fleet.commands()
      // For longer than the right to probe lasts if it is not renewed.
      await fleet.until(() => (callAll(), fleet.commands())).toBeGreaterThan(before + 25)
      expect(probes).toHaveLength(1)
      probes[0]?.succeed()
      await fleet.until(() => states(fleet)).toEqual(Array(5).fill('closed'))
    },
  )

  it.concurrent(
    'opens the circuit of all for longer after a failed probe, and lets another process probe next',
    async (context) => {
      const fleet = await fleetOf(context, 2, () => ({ breaker: { openForMs: 1_500 } }))
      await callOnce(fleet)
      fail(fleet.members[0], { status: 429 })
      await fleet.until(() => states(fleet)).toEqual(['open', 'open'])
      let prober = -1
      await fleet.until(() => (prober = states(fleet).indexOf('half-open'))).toBeGreaterThan(-1)
      const other = 1 - prober
      fail(fleet.members[prober])
      const isLonger = ({ breaker }: Member): boolean => breaker().retryAfterMs > 1_500
      await fleet.until(() => (states(fleet), fleet.members.map(isLonger))).toEqual([true, true])
      await fleet.until(() => (prober = states(fleet).indexOf('half-open'))).toBeGreaterThan(-1)
      expect(prober).toBe(other)
      fleet.members[prober]?.breaker().acquire().succeed()
      await fleet.until(() => states(fleet)).toEqual(['closed', 'closed'])
    },
  )

  it.concurrent('lets another process probe when the one that may does not', async (context) => {
    const fleet = await fleetOf(context, 2, () => ({ breaker: { openForMs: 1_500 } }))
    await callOnce(fleet)
    const [one, two] = fleet.members
    fail(one, { status: 429 })
    await fleet.until(() => states(fleet)).toEqual(['open', 'open'])
    await fleet.until(() => one?.breaker().state).toBe('half-open')
    await fleet.until(() => (traffic(one), two?.breaker().state)).toBe('half-open')
    expect(() => one?.breaker().acquire()).toThrow(BreakerOpenError)
    two?.breaker().acquire().succeed()
    await fleet.until(() => states(fleet)).toEqual(['closed', 'closed'])
  })

  it.concurrent(
    'probes with the next call when calls are rarer than the right to probe lasts',
    async (context) => {
      const fleet = await fleetOf(context, 2, () => ({ breaker: { openForMs: 500 } }))
      await callOnce(fleet)
      const [one] = fleet.members
      fail(one, { status: 429 })
      await pause(1_000)
      expect(() => one?.breaker().acquire()).toThrow(BreakerOpenError)
      await pause(2_500)
      one?.breaker().acquire().succeed()
      await fleet.until(() => states(fleet)).toEqual(['closed', 'closed'])
    },
  )

  it.concurrent('shares nothing between different prefixes, or different names', async (context) => {
    const fleet = await fleetOf(context, 3, (index) => ({ prefix: index === 2 ? 'other' : 'harbor' }))
    states(fleet)
    fail(fleet.members[0], { status: 429 })
    await fleet.until(() => states(fleet)).toEqual(['open', 'open', 'closed'])
    const before = await fleet.commands()
    await fleet.until(() => (states(fleet), fleet.commands())).toBeGreaterThan(before + 6)
    expect(states(fleet)).toEqual(['open', 'open', 'closed'])
    expect(fleet.members.map((member) => member.breaker('traffic').state)).toEqual([
      'closed',
      'closed',
      'closed',
    ])
  })

  it.concurrent('sends nothing while no call is made', async (context) => {
    const fleet = await fleetOf(context, 2)
    await callOnce(fleet)
    await pause(1_200)
    const before = await fleet.commands()
    await pause(1_500)
    expect(await fleet.commands()).toBe(before)
  })

  it.concurrent(
    'goes on by itself without Redis, and shares again when an empty one is back',
    async (context) => {
      const fleet = await fleetOf(context, 3, () => ({ breaker: { openForMs: 1_500 } }))
      await callOnce(fleet)
      fail(fleet.members[0], { status: 429 })
      await fleet.until(() => states(fleet)).toEqual(['open', 'open', 'open'])
      await fleet.server.kill()
      for (const member of fleet.members) {
        await fleet.until(() => (traffic(member), member.breaker().state)).toBe('half-open')
        member.breaker().acquire().succeed()
        expect(member.breaker().state).toBe('closed')
      }
      await fleet.server.restart()
      await fleet.until(() => (states(fleet), fleet.commands().catch(() => 0))).toBeGreaterThan(3)
      expect(states(fleet)).toEqual(['closed', 'closed', 'closed'])
      fail(fleet.members[0], { status: 429 })
      await fleet.until(() => states(fleet)).toEqual(['open', 'open', 'open'])
    },
  )

  it.concurrent('repeats its votes when Redis has lost them', async (context) => {
    const fleet = await fleetOf(context, 3)
    await callOnce(fleet)
    fail(fleet.members[0])
    await fleet.until(() => votes(fleet)).toBe(1)
    await fleet.command('FLUSHALL')
    await fleet.until(() => (states(fleet), votes(fleet))).toBe(1)
    fail(fleet.members[1])
    await fleet.until(() => states(fleet)).toEqual(['open', 'open', 'open'])
  })

  it.concurrent('withdraws its vote when it is closed, by a probe or with its store', async (context) => {
    const fleet = await fleetOf(context, 3, () => ({ breaker: { openForMs: 1_000 } }))
    await callOnce(fleet)
    const [one, two] = fleet.members
    fail(one)
    await fleet.until(() => votes(fleet)).toBe(1)
    await fleet.until(() => one?.breaker().state).toBe('half-open')
    one?.breaker().acquire().succeed()
    await fleet.until(() => votes(fleet)).toBe(0)
    fail(one)
    await fleet.until(() => votes(fleet)).toBe(1)
    await one?.store.close()
    expect(await votes(fleet)).toBe(0)
    fail(two)
    await fleet.until(() => votes(fleet)).toBe(1)
    expect(fleet.members[2]?.breaker().state).toBe('closed')
  })

  it.concurrent('shows no name in Redis, and all keys expire', async (context) => {
    const fleet = await fleetOf(context, 1)
    await fleet.members[0]?.breaker('key sk-secret').run(() => 'fine')
    await fleet.until(() => callers(fleet)).toBe(1)
    const keys = (await fleet.command('KEYS', '*')) as string[]
    expect(keys.length).toBeGreaterThan(2)
    for (const key of keys) {
      expect(key + String(await fleet.command('DUMP', key))).not.toContain('sk-secret')
      expect(Number(await fleet.command('PTTL', key))).toBeGreaterThan(0)
    }
  })
})

describe('redisBreakerStore', () => {
  const client = { status: 'ready', callBuffer: () => Promise.resolve() }
  it.each([
    [{}, /client/],
    [{ client: {} }, /ioredis or node-redis/],
    [{ client: { isCluster: true } }, /cluster/],
    [{ client, prefix: 'a:b' }, /prefix/],
    [{ client, budgetMs: 0 }, /budgetMs/],
    [{ client, budget: 1 }, /budget/],
  ])('refuses %j', (options, message) => {
    expect(() => redisBreakerStore(options as never)).toThrow(message)
  })
})
