import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REFILL_SCRIPT } from '../src/limits/refill-script.ts'
import { argumentsOf, replyOf, type Ask } from '../src/limits/refill-wire.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const LEASE_MS = 1_500
const CLOCK = `{ redis.call('HGET', 'clock', 's'), redis.call('HGET', 'clock', 'us') }`
/** The script as it is, but for the clock, which the test sets. */
const SCRIPT = REFILL_SCRIPT.replace("redis.call('TIME')", CLOCK)
const KEYS = ['state', 'members', 'expiry', 'seen'].map((name) => `{p}:${name}`)
/** 10 requests and 100 tokens per second. Of the burst, 4 requests and 40 tokens are for what processes hold ahead, and 10 and 100 in the bucket. */
const LIMITS = [
  { kind: 'requests', perMs: 0.01, capacity: 14, tokens: 1 },
  { kind: 'tokens', perMs: 0.1, capacity: 140, tokens: 10 },
] as const

interface Holding {
  total: number
  acknowledged: number
  level: number
  pending: number
}

/**
 * A process as the protocol expects it: it uses what it holds, reports totals, and drops what has expired. What it gives back with a report, it does not
 * use any more, even if the reply is lost.
 */
class Member {
  readonly holdings: Holding[] = LIMITS.map(() => ({ total: 0, acknowledged: 0, level: 0, pending: 0 }))
  readyAt = Infinity
  expiresAt = Infinity
  epoch = ''

  /** Returns what was used since the last report that Redis knows, if the lease has expired by then. */
  tick(now: number): number {
    if (this.readyAt <= now) this.pour()
    if (now < this.expiresAt) return 0
    this.expiresAt = Infinity
    this.readyAt = Infinity
    for (const each of this.holdings) each.level = each.pending = 0
    return this.unreported()
  }

  pour(): void {
    this.readyAt = Infinity
    for (const each of this.holdings) {
      each.level += each.pending
      each.pending = 0
    }
  }

  /** Gives back what is held above an amount. */
  keep(maximum: number, index: number): void {
    const each = this.holdings[index]
    if (!each) return
    const surplus = Math.max(0, each.level + each.pending - maximum)
    const ofPending = Math.min(each.pending, surplus)
    each.pending -= ofPending
    each.level -= surplus - ofPending
  }

  unreported(): number {
    const [requests] = this.holdings
    return requests ? Math.max(0, requests.total - requests.acknowledged) : 0
  }
}

describe.skipIf(!hasRedis)('the script of shared limits (needs redis-server)', () => {
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

  const setClock = (now: number): Promise<unknown> =>
    client.hset('clock', { s: Math.floor(now / 1_000), us: Math.round((now % 1_000) * 1_000) })

  const report = async (
    id: string,
    member: Member,
    need: number,
    want: number,
  ): Promise<readonly string[]> => {
    const asks = LIMITS.map(({ kind, perMs, capacity, tokens }, index): Ask => {
      const { total = 0, acknowledged = 0 } = member.holdings[index] ?? {}
      const bucket = { perMs, capacity } as Ask['limit']['bucket']
      const limit: Ask['limit'] = { kind, bucket, ofTokens: kind === 'tokens', amount: () => 0 }
      const size = { need: need * tokens, want: want * tokens, keep: 2 * want * tokens }
      member.keep(size.keep, index)
      return { limit, ...size, total, acknowledged, left: Infinity, seed: 0 }
    })
    const args = argumentsOf(id, LEASE_MS, 0, member.epoch, asks)
    return (await client.eval(SCRIPT, KEYS.length, ...KEYS, ...args)) as string[]
  }

  const accept = (member: Member, texts: readonly string[], now: number): void => {
    const reply = replyOf(texts, LIMITS.length)
    if (!reply) throw new Error('not a reply')
    member.epoch = reply.epoch
    member.expiresAt = now + LEASE_MS
    member.readyAt = reply.readyInMs > 0 ? now + reply.readyInMs : Infinity
    for (const [index, each] of member.holdings.entries()) {
      const held = reply.limits[index]?.held ?? 0
      each.acknowledged = each.total
      each.pending = member.readyAt < Infinity ? Math.max(0, held - each.level) : 0
      each.level = held - each.pending
    }
  }

  const step = fc.record({
    member: fc.nat(3),
    what: fc.constantFrom('report', 'lost', 'use', 'use', 'refund', 'wait', 'kill'),
    requests: fc.integer({ min: 1, max: 12 }),
    waitMs: fc.nat(800),
  })

  it('never grants more than limit × time + burst, and loses nothing, whatever members do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        await client.flushall()
        let now = 1_000_000
        await setClock(now)
        let ids = 0
        const members = Array.from({ length: 4 }, () => ({ id: `m${ids++}`, state: new Member() }))
        let used = 0
        /** What was used of leases whose members did not report it before the leases expired. */
        let margin = 0
        for (const { member, what, requests, waitMs } of steps) {
          const at = members[member]
          if (!at) continue
          const { id, state } = at
          margin += state.tick(now)
          const [ofRequests] = state.holdings
          const level = ofRequests?.level ?? 0
          if (what === 'report' || what === 'lost') {
            const texts = await report(id, state, 1, requests)
            if (what === 'report') accept(state, texts, now)
          } else if (what === 'use' || what === 'refund') {
            const count = what === 'use' ? Math.min(requests, Math.floor(level + 1e-6)) : -Math.min(1, used)
            for (const [index, each] of state.holdings.entries()) {
              const amount = count * (LIMITS[index]?.tokens ?? 0)
              each.level -= amount
              each.total += amount
            }
            used += count
          } else if (what === 'kill') {
            margin += state.unreported()
            members[member] = { id: `m${ids++}`, state: new Member() }
          } else {
            now += waitMs
            await setClock(now)
          }
          expect(used).toBeLessThanOrEqual(10 + 0.01 * (now - 1_000_000) + margin + 1e-6)
        }
        // All leases expire, and what was granted is refilled: the bucket is full again.
        now += LEASE_MS + 120_000
        await setClock(now)
        const last = new Member()
        const texts = await report('last', last, 10, 10)
        const reply = replyOf(texts, LIMITS.length)
        expect(reply?.readyInMs).toBe(0)
        expect(reply?.limits[0]).toMatchObject({ held: 10, used: 10 })
        expect(reply?.limits[1]).toMatchObject({ held: 100, used: 100 })
        const out = `return cjson.encode(cmsgpack.unpack(redis.call('GET', KEYS[1])).limits.requests.out)`
        expect(Number(await client.eval(out, 1, ...KEYS.slice(0, 1)))).toBeCloseTo(10)
      }),
      {
        numRuns: 100,
        examples: [
          // A member asks for more than the capacity, ahead, while another one uses what it held until then.
          [
            [
              { member: 0, what: 'report', requests: 10, waitMs: 0 },
              { member: 1, what: 'report', requests: 11, waitMs: 0 },
              { member: 0, what: 'wait', requests: 1, waitMs: 712 },
              { member: 0, what: 'use', requests: 10, waitMs: 0 },
              { member: 0, what: 'wait', requests: 1, waitMs: 288 },
              { member: 1, what: 'use', requests: 11, waitMs: 0 },
            ],
          ],
          // The reply to a report that gives back is lost.
          [
            [
              { member: 1, what: 'report', requests: 7, waitMs: 0 },
              { member: 1, what: 'lost', requests: 1, waitMs: 0 },
              { member: 2, what: 'report', requests: 4, waitMs: 0 },
              { member: 1, what: 'use', requests: 7, waitMs: 0 },
              { member: 2, what: 'use', requests: 4, waitMs: 0 },
            ],
          ],
        ],
      },
    )
  })

  it('grants no more at once than the burst, counting what members hold ahead', async () => {
    await client.flushall()
    await setClock(5_000)
    const members = Array.from({ length: 4 }, () => new Member())
    for (const [index, member] of members.entries())
      accept(member, await report(`m${index}`, member, 1, 1), 5_000)
    // The bucket is full again, and the leases are valid.
    const now = 5_000 + LEASE_MS - 100
    await setClock(now)
    for (const [index, member] of members.entries())
      accept(member, await report(`m${index}`, member, 1, 12), now)
    const [requests, tokens] = LIMITS.map((_, limit) =>
      members.reduce((sum, { holdings }) => sum + (holdings[limit]?.level ?? 0), 0),
    )
    expect(requests).toBeCloseTo(14)
    expect(tokens).toBeCloseTo(140)
  })

  it('returns what a dead member held as soon as its lease expires', async () => {
    await client.flushall()
    await setClock(5_000)
    await report('dead', new Member(), 10, 10)
    await setClock(5_000 + LEASE_MS / 3)
    const early = replyOf(await report('early', new Member(), 10, 10), LIMITS.length)
    // Five of the ten requests are refilled.
    expect(early?.readyInMs).toBeCloseTo(500)
    await setClock(5_000 + LEASE_MS)
    const late = replyOf(await report('late', new Member(), 1, 5), LIMITS.length)
    expect(late?.readyInMs).toBe(0)
    expect(late?.limits[0]?.held).toBe(5)
  })

  it('grants all limits or none', async () => {
    await client.flushall()
    await setClock(5_000)
    await report('one', new Member(), 10, 10)
    const reply = replyOf(await report('other', new Member(), 1, 1), LIMITS.length)
    expect(reply?.readyInMs).toBeCloseTo(100)
    expect(reply?.limits.map(({ held }) => held)).toEqual([1, 10])
  })

  it('goes on when the clock of the server is set back', async () => {
    await client.flushall()
    await setClock(90_000_000)
    await report('one', new Member(), 10, 10)
    await setClock(5_000)
    const reply = replyOf(await report('other', new Member(), 1, 1), LIMITS.length)
    expect(reply?.readyInMs).toBeCloseTo(100)
  })

  it('continues from what a member knows when the state was lost', async () => {
    await client.flushall()
    await setClock(5_000)
    const member = new Member()
    accept(member, await report('one', member, 1, 1), 5_000)
    await client.del(...KEYS)
    await setClock(5_001)
    const bucket = { perMs: 0.01, capacity: 14 } as Ask['limit']['bucket']
    const limit: Ask['limit'] = { kind: 'requests', bucket, ofTokens: false, amount: () => 0 }
    const ask: Ask = { limit, need: 1, want: 1, keep: 2, total: 0, acknowledged: 0, left: Infinity, seed: 10 }
    const args = argumentsOf('one', LEASE_MS, 0, member.epoch, [ask])
    const reply = replyOf((await client.eval(SCRIPT, KEYS.length, ...KEYS, ...args)) as string[], 1)
    expect(reply?.readyInMs).toBeCloseTo(100)
    expect(reply?.epoch).not.toBe(member.epoch)
  })
})
