import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GRANT_SCRIPT } from '../src/spend/grant-script.ts'
import { argumentsOf, replyOf, type Ask, type Granted } from '../src/spend/grant-wire.ts'
import { MoneyPot } from '../src/spend/money-pot.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const LEASE_MS = 2_000
const CLOCK = `{ redis.call('HGET', 'clock', 's'), redis.call('HGET', 'clock', 'us') }`
/** The script as it is, but for the clock, which the test sets. */
const SCRIPT = GRANT_SCRIPT.replace("redis.call('TIME')", CLOCK)
const HOUR_MS = 3_600_000
const LIMIT = 20

/** A process: its pot, and its calls in flight. */
interface Member {
  readonly id: string
  readonly pot: MoneyPot
  readonly inFlight: number[]
  /** What it has really spent. */
  spent: number
  /** Whether its last report had no reply. */
  isCutOff: boolean
  /** A reply that Redis has sent, and that the member has not handled yet. */
  late: { readonly granted: Granted; readonly sentAt: number } | undefined
}

describe.skipIf(!hasRedis)('the script of shared money (needs redis-server)', () => {
  let server: RedisServer
  let client: Redis
  let ids = 0
  let now = 0
  beforeAll(async () => {
    server = await RedisServer.start()
    client = new Redis(server.url)
  })
  afterAll(async () => {
    client.disconnect()
    await server.close()
    expect(seen.taken).toBeGreaterThan(500)
    expect(seen.full).toBeGreaterThan(10)
    expect(seen.late).toBeGreaterThan(10)
  })
  beforeEach(() => reset())

  /** How often something was reserved, nearly all of the limit was used, and a reply was handled when its lease was over in Redis. */
  const seen = { taken: 0, full: 0, late: 0 }
  const LATE = ['late', 'late and used']

  const setClock = (ms: number): Promise<unknown> => {
    now = ms
    return client.hset('clock', { s: Math.floor(ms / 1_000), us: Math.round((ms % 1_000) * 1_000) })
  }

  const reset = async (): Promise<void> => {
    await client.flushall()
    await setClock(1_000_000)
  }

  const join = (per: 'hour' | 'total' = 'total'): Member => {
    const pot = new MoneyPot({ kind: per, value: '', per, isByLabel: false }, `{p}:${per}`, now)
    return {
      id: `m${ids++}`,
      pot,
      inFlight: [],
      spent: 0,
      isCutOff: false,
      late: undefined,
    }
  }

  const send = async (id: string, key: string, ask: Ask): Promise<Granted> => {
    const args = argumentsOf(id, LEASE_MS, [ask])
    const reply = replyOf((await client.eval(SCRIPT, 2, '{p}:seen', key, ...args)) as string[], 1)
    const [granted] = reply?.pots ?? []
    if (!granted) throw new Error('not a reply')
    return granted
  }

  const report = async (
    member: Member,
    need = 0,
    {
      isLost = false,
      isLate = false,
      least = need / 4,
    }: { isLost?: boolean; isLate?: boolean; least?: number } = {},
  ): Promise<Granted> => {
    // One report is in flight at a time.
    handleLate(member)
    const { id, pot } = member
    const sentAt = now
    const granted = await send(id, pot.key, pot.report({ usd: need, least, limit: LIMIT }, false, sentAt))
    member.isCutOff = isLost
    if (isLost) pot.part(LIMIT, 4, now)
    else if (isLate) member.late = { granted, sentAt }
    else pot.accept(granted, sentAt, now)
    return granted
  }

  const handleLate = (member: Member): void => {
    if (!member.late) return
    const { granted, sentAt } = member.late
    if (now - sentAt > LEASE_MS) seen.late++
    member.late = undefined
    member.pot.accept(granted, sentAt, now)
  }

  const take = (member: Member, usd: number): boolean => {
    if (member.isCutOff || !member.pot.has(usd, LIMIT, now)) return false
    member.pot.take(usd, LIMIT)
    seen.taken++
    member.inFlight.push(usd)
    return true
  }

  const settle = (member: Member, share: number): void => {
    const usd = member.inFlight.shift()
    if (usd === undefined) return
    member.pot.settle(usd, usd * share)
    member.spent += usd * share
  }

  const committed = (member: Member): number => member.spent + sum(member.inFlight)

  const step = fc.record({
    member: fc.nat(3),
    what: fc.constantFrom(
      'report',
      'report',
      'lost',
      'late',
      'late and used',
      'take',
      'ask',
      'ask',
      'take',
      'settle',
      'settle',
      'wait',
      'kill',
      'flush',
    ),
    usd: fc.integer({ min: 1, max: 300 }).map((cents) => cents / 100),
    need: fc.nat(12),
    share: fc.constantFrom(0, 0.1, 0.5, 1),
    waitMs: fc.nat(1_200),
  })

  /** Carries out the steps, and checks after each that no more is spent and in flight than the limit. */
  async function carryOut(
    steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
    kinds: readonly string[],
  ): Promise<{ members: Member[]; killed: Member[] }> {
    await reset()
    const members = Array.from({ length: 4 }, () => join())
    const killed: Member[] = []
    for (const { member: place, what, usd, need, share, waitMs } of steps) {
      const member = members[place]
      if (!member || !kinds.includes(what)) continue
      if (what === 'report') await report(member, need)
      else if (what === 'lost') await report(member, need, { isLost: true })
      else if (what === 'late') {
        await report(member, need, { isLate: true })
        await setClock(now + 3 * waitMs)
      } else if (what === 'late and used') {
        handleLate(member)
        for (let n = 0; n < 4; n++) take(member, usd)
      } else if (what === 'ask') {
        await report(member, usd)
        take(member, usd)
      } else if (what === 'take') for (let n = 0; n < 4; n++) take(member, usd)
      else if (what === 'settle') for (let n = 0; n < 2; n++) settle(member, share)
      else if (what === 'wait') await setClock(now + waitMs)
      else if (what === 'flush') {
        await client.del('{p}:total', '{p}:seen')
        await setClock(now + 1)
        // Those that have anything to report do so within half a second.
        for (const offset of [0, 1, 2, 3]) await report(members[(place + offset) % 4] as Member)
      } else {
        killed.push(member)
        members[place] = join()
      }
      const all = sum([...members, ...killed].map(committed))
      if (!kinds.includes('flush')) expect(all).toBeLessThanOrEqual(LIMIT + 1e-6)
      seen.full += Number(all > 0.9 * LIMIT)
    }
    return { members, killed }
  }

  /** Ends all calls, reports until all know all, and lets the leases of killed processes expire. */
  async function settleAll(members: readonly Member[]): Promise<Granted> {
    for (const member of members) handleLate(member)
    for (const member of members) while (member.inFlight.length > 0) settle(member, 1)
    for (const member of members) await report(member)
    await setClock(now + LEASE_MS)
    for (const member of members) await report(member)
    return report(join(), LIMIT, { least: 0 })
  }

  it('never grants more than the limit, and loses nothing, whatever members and the network do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
        const { members } = await carryOut(steps, [
          'report',
          'lost',
          ...LATE,
          'take',
          'ask',
          'settle',
          'wait',
        ])
        const { spent, lease } = await settleAll(members)
        expect(spent).toBeCloseTo(sum(members.map((member) => member.spent)), 6)
        expect(lease).toBeCloseTo(Math.max(0, LIMIT - spent), 6)
      }),
      { numRuns: 100 },
    )
  })

  it('counts all that killed members have spent and had in flight, and never grants more than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
        const { members, killed } = await carryOut(steps, [
          'report',
          ...LATE,
          'take',
          'ask',
          'settle',
          'wait',
          'kill',
        ])
        const { spent, lease } = await settleAll(members)
        const ofLiving = sum(members.map((member) => member.spent))
        expect(spent).toBeGreaterThanOrEqual(ofLiving + sum(killed.map(committed)) - 1e-6)
        expect(lease).toBeCloseTo(Math.max(0, LIMIT - spent), 6)
      }),
      { numRuns: 100 },
    )
  })

  it('holds no amount that is too small for the calls that wait, so that another member can have it', async () => {
    const [one, other] = [join(), join()]
    await report(one, 19)
    expect(take(one, 19)).toBe(true)
    await report(other, 0.6)
    expect((await report(one, 1, { least: 1 })).lease).toBe(0)
    expect((await report(other, 1, { least: 1 })).lease).toBe(1)
    expect(take(other, 1)).toBe(true)
    await report(other)
    expect(await report(one, 1, { least: 1 })).toMatchObject({ lease: 0, isStale: false, isShort: true })
  })

  it('begins a new period by the clock of the server, whatever is in flight', async () => {
    const [one, other] = [join('hour'), join('hour')]
    await report(one, 20)
    expect(take(one, 20)).toBe(true)
    await report(one)
    await setClock(HOUR_MS)
    const granted = await report(other, 20)
    expect(granted).toMatchObject({ period: 1, endsAt: 2 * HOUR_MS, lease: 20, spent: 0, held: 0 })
    settle(one, 1)
    expect(await report(one)).toMatchObject({ period: 1, spent: 0, held: 20 })
    // A server whose clock is set back does not begin the old period again.
    await setClock(HOUR_MS - 5)
    expect(await report(other)).toMatchObject({ period: 1 })
  })

  it('returns the lease of a member that is killed when no calls use it, and counts what is in flight', async () => {
    const [one, other] = [join(), join()]
    for (let n = 0; n < 3; n++) {
      await report(one, 1)
      for (let calls = 0; calls < 5; calls++) take(one, 0.2)
      await setClock(now + 100)
    }
    expect((await report(one)).lease).toBeGreaterThan(0)
    await setClock(now + 500)
    // No call was started since the last report.
    expect((await report(one)).lease).toBe(0)
    await setClock(now + LEASE_MS)
    const granted = await report(other, 16)
    expect(granted).toMatchObject({ held: 0, lease: 16 })
    expect(granted.spent).toBeCloseTo(sum(one.inFlight))
  })

  it('refuses only when the others have reported that they need what they hold', async () => {
    const [one, other] = [join(), join()]
    for (let n = 0; n < 5; n++) {
      await report(one, 1)
      for (let calls = 0; calls < 5; calls++) take(one, 0.2)
      await setClock(now + 100)
    }
    const { lease } = await report(one)
    expect(lease).toBeGreaterThan(1)
    expect(await report(other, 19)).toMatchObject({ isStale: true, isShort: true })
    // One report without leases, and nothing stale is left.
    await report(one)
    await report(one)
    expect(await report(other, 19)).toMatchObject({ isStale: false })
  })

  it('never counts less than was spent after Redis has lost its data', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
        const { members } = await carryOut(steps, [
          'report',
          'lost',
          'take',
          'ask',
          'settle',
          'wait',
          'flush',
        ])
        const { spent } = await settleAll(members)
        expect(spent).toBeGreaterThanOrEqual(sum(members.map((member) => member.spent)) - 1e-6)
      }),
      { numRuns: 100 },
    )
  })
})

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
