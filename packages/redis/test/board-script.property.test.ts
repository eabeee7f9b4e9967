import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BOARD_SCRIPT } from '../src/breakers/board-script.ts'
import {
  argumentsOf,
  replyOf,
  type BoardReply,
  type MemberReport,
  type TargetReport,
} from '../src/breakers/board-wire.ts'
import { BoardModel } from './board-model.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const CLOCK = `{ redis.call('HGET', 'clock', 's'), redis.call('HGET', 'clock', 'us') }`
/** The script as it is, but for the clock, which the test sets. */
const SCRIPT = BOARD_SCRIPT.replace("redis.call('TIME')", CLOCK)
const NOTHING: TargetReport = {
  digest: 'a',
  isUsed: false,
  event: '',
  forMs: 0,
  consecutiveOpens: 1,
  isOfAccount: false,
  generation: 0,
  ask: '',
}

describe.skipIf(!hasRedis)('the script of shared circuits (needs redis-server)', () => {
  let server: RedisServer
  let client: Redis
  beforeAll(async () => {
    server = await RedisServer.start()
    client = new Redis(server.url)
  })
  afterAll(async () => {
    client.disconnect()
    await server.close()
  })
  beforeEach(async () => {
    await client.flushall()
    await setClock(50_000_000)
  })

  const setClock = (now: number): Promise<unknown> =>
    client.hset('clock', { s: Math.floor(now / 1_000), us: Math.round((now % 1_000) * 1_000) })

  async function send(report: Partial<MemberReport>): Promise<BoardReply> {
    const none = { member: 'm0', epoch: '', version: 0, isLeaving: false, targets: [], cooldowns: [] }
    const whole = { ...none, ...report }
    const keys = ['state', 'changes', 'members', 'cooldowns'].map((name) => `{p}:${name}`)
    for (const { digest } of whole.targets) keys.push(`{p}:callers:${digest}`, `{p}:votes:${digest}`)
    const texts = (await client.eval(SCRIPT, keys.length, ...keys, ...argumentsOf(whole))) as string[]
    const reply = replyOf(texts)
    if (!reply) throw new Error(`not a reply: ${texts.join(' ')}`)
    return reply
  }

  const say = (member: string, report: Partial<TargetReport>, epoch = ''): Promise<BoardReply> =>
    send({ member, epoch, targets: [{ ...NOTHING, ...report }] })

  const step = fc.record({
    member: fc.nat(5).map((index) => `m${index}`),
    digest: fc.constantFrom('a', 'b'),
    isUsed: fc.boolean(),
    event: fc.constantFrom<TargetReport['event'][]>('open', 'open', 'open', 'close', 'withdraw', '', '', ''),
    forMs: fc.constantFrom(500, 3_000, 90_000),
    consecutiveOpens: fc.integer({ min: 1, max: 5 }),
    isOfAccount: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    isStale: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    ask: fc.constantFrom<TargetReport['ask'][]>('probe', 'probe', 'early', 'renew', 'release', ''),
    waitMs: fc.constantFrom(0, 0, 0, 100, 1_500, 4_000, 11_000),
  })

  it('behaves like the model, whatever members report', async () => {
    const reached = { opened: 0, closed: 0, granted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 50 }), async (steps) => {
        await client.flushall()
        const model = new BoardModel(50_000_000)
        await setClock(model.now)
        const { epoch } = await send({ member: 'm0' })
        for (const { member, waitMs, isStale, ...report } of steps) {
          model.now += waitMs
          await setClock(model.now)
          const { generation: latest } = model.openingOf(report.digest)
          const known = { ...report, generation: isStale ? Math.max(0, latest - 1) : latest }
          const before = model.openingOf(report.digest).isOpen
          if (known.event === '' && known.ask === '') known.ask = 'renew'
          const expected = model.report(member, known)
          const reply = await send({ member, epoch, targets: [known] })
          const got = reply.targets.find(({ digest }) => digest === report.digest)
          expect({
            ...got,
            remainingMs: Math.round(got?.remainingMs ?? -1),
            leaseMs: Math.round(got?.leaseMs ?? -1),
          }).toEqual({
            ...expected,
            remainingMs: Math.round(expected.remainingMs),
          })
          expect(reply.version).toBe(model.version)
          if (expected.isOpen !== before) reached[expected.isOpen ? 'opened' : 'closed']++
          if (expected.isOpen && known.ask === 'probe')
            reached[expected.leaseMs > 0 ? 'granted' : 'refused']++
        }
      }),
      { numRuns: 200 },
    )
    // The property means little if this happens rarely.
    for (const count of Object.values(reached)) expect(count).toBeGreaterThan(50)
  })

  it('lets at most one member probe, whatever members ask', async () => {
    const asking = fc.record({
      member: fc.nat(4).map((n) => `m${n}`),
      waitMs: fc.constantFrom(0, 0, 300, 900, 2_500),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(asking, { maxLength: 40 }), async (steps) => {
        await client.flushall()
        let now = 50_000_000
        await setClock(now)
        const { epoch } = await say('m0', { event: 'open', forMs: 1_000, isOfAccount: true })
        const leases = new Map<string, number>()
        for (const { member, waitMs } of steps) {
          now += waitMs
          await setClock(now)
          const { targets } = await say(member, { ask: 'probe' }, epoch)
          leases.delete(member)
          const leaseMs = targets[0]?.leaseMs ?? 0
          if (leaseMs > 0) leases.set(member, now + leaseMs)
          const holders = [...leases].filter(([, until]) => until > now)
          expect(holders.length).toBeLessThanOrEqual(1)
          // Before the open time is over, there is none.
          if (now < 50_001_000) expect(holders).toEqual([])
        }
      }),
      { numRuns: 60 },
    )
  })

  it('returns what has changed since the version of the member, once', async () => {
    await say('m0', { event: 'open', forMs: 5_000, isOfAccount: true })
    const first = await send({ member: 'm1' })
    expect(first.targets).toMatchObject([{ digest: 'a', isOpen: true, generation: 1 }])
    const { epoch, version } = first
    expect((await send({ member: 'm1', epoch, version })).targets).toEqual([])
    await send({ member: 'm0', epoch, version, cooldowns: [{ digest: 'c', ms: 2_000 }] })
    const news = await send({ member: 'm1', epoch, version })
    expect(news).toMatchObject({ targets: [], cooldowns: [{ digest: 'c', ms: 2_000 }], version: 2 })
  })

  it('returns everything to a member that knows another epoch, and takes no close from it', async () => {
    await say('m0', { event: 'open', forMs: 5_000, isOfAccount: true })
    const reply = await say('m1', { event: 'close', generation: 1 }, 'another')
    expect(reply.targets).toMatchObject([{ isOpen: true, generation: 1 }])
  })

  it('returns changes in parts if there are many', async () => {
    for (let part = 0; part < 5; part++) {
      const cooldowns = Array.from({ length: 100 }, (_, n) => ({ digest: `${part}-${n}`, ms: 60_000 }))
      await send({ cooldowns })
    }
    const seen = new Set<string>()
    let reply = await send({ member: 'm1' })
    for (let parts = 1; ; parts++) {
      for (const { digest } of reply.cooldowns) seen.add(digest)
      if (!reply.isPart) break
      expect(parts).toBeLessThan(4)
      reply = await send({ member: 'm1', epoch: reply.epoch, version: reply.version })
    }
    expect(seen.size).toBe(500)
  })

  it('drops the oldest of too many targets and cooldowns, and cooldowns that are over', async () => {
    await say('m0', { event: 'open', forMs: 60_000, isOfAccount: true })
    for (let part = 0; part < 21; part++) {
      const cooldowns = Array.from({ length: 100 }, (_, n) => ({ digest: `${part}-${n}`, ms: 60_000 }))
      await send({ cooldowns })
    }
    expect(await client.zcard('{p}:changes')).toBe(2_000)
    expect(await client.zcard('{p}:cooldowns')).toBe(2_000)
    expect(await client.hexists('{p}:state', 'a')).toBe(0)
    await setClock(50_060_000)
    for (let part = 0; part < 20; part++) await send({})
    expect(await client.zcard('{p}:changes')).toBe(0)
    expect(await client.zcard('{p}:cooldowns')).toBe(0)
  })

  it('goes on when the clock of the server is set back', async () => {
    await say('m0', { event: 'open', forMs: 5_000, isOfAccount: true })
    await setClock(5_000)
    const { targets } = await say('m1', { ask: 'probe' })
    expect(targets).toMatchObject([{ isOpen: true, remainingMs: 5_000, leaseMs: 0 }])
  })

  it('counts the members of the last seconds, and forgets one that leaves', async () => {
    await send({ member: 'm0' })
    expect((await send({ member: 'm1' })).members).toBe(2)
    expect((await send({ member: 'm1', isLeaving: true })).members).toBe(1)
    await setClock(50_011_000)
    expect((await send({ member: 'm2' })).members).toBe(1)
  })

  it('changes nothing when the memory of the server is full', async () => {
    const { epoch } = await say('m0', { event: 'open', forMs: 5_000, isOfAccount: true })
    const before = await client.dump('{p}:state')
    await client.config('SET', 'maxmemory', '1')
    await expect(say('m1', { event: 'close', generation: 1 }, epoch)).rejects.toThrow(/OOM/)
    await client.config('SET', 'maxmemory', '0')
    expect(await client.dump('{p}:state')).toBe(before)
  })
})
