import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { always, codes, only, ORIGIN, type SampleValues, windowOf } from './helpers/monitor-window.ts'

/** Connections in use, and requests waiting, of this many connections. */
const origin = (allowed: number, busy: number, queued = 0, requests = 0): SampleValues => ({
  client: { attempts: 1 },
  origin: { allowed, busy, open: busy, queued, requests, queueMs: { p50: 90, p95: 250, p99: 300 } },
})

describe('queue-waits', () => {
  it('is given when half of the samples find waiting requests, and advises as many connections as were needed', () => {
    const advice = only(windowOf((second) => origin(4, 4, second % 2 === 0 ? 20 : 0)))
    expect(advice).toMatchObject({
      code: 'queue-waits',
      severity: 'warning',
      subject: ORIGIN,
      facts: { allowed: 4, connections: 24, waitP50Ms: 90, waitP95Ms: 250 },
    })
    expect(advice?.message).toContain('Raise `pool.connections` to 24')
  })

  it('is not given for occasional bursts, and stays active until they are rare', () => {
    const bursts = (every: number) => windowOf((second) => origin(4, 1, second % every === 0 ? 9 : 0))
    expect(codes(bursts(3))).toEqual([])
    expect(codes(bursts(3), always)).toEqual(['queue-waits'])
    expect(codes(bursts(5), always)).toEqual([])
  })

  it('always advises more connections than there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 5_000 }), (allowed, queued) => {
        const advice = only(windowOf(() => origin(allowed, allowed, queued)))
        expect(advice?.facts['connections']).toBe(allowed + queued)
      }),
      { numRuns: 20 },
    )
  })
})

describe('pool-saturated', () => {
  it('is given when more than 90 % are in use and none waits, and advises room for a quarter more', () => {
    const advice = only(windowOf(() => origin(20, 19)))
    expect(advice).toMatchObject({
      code: 'pool-saturated',
      severity: 'note',
      facts: { allowed: 20, connections: 26 },
    })
  })

  it('is not given at 75 %, nor with a queue', () => {
    expect(codes(windowOf(() => origin(20, 15)))).toEqual([])
    expect(codes(windowOf(() => origin(20, 20, 5)))).toEqual(['queue-waits'])
  })

  it('advises a pool that would be three quarters full at most, and larger than it is', () => {
    const pools = fc
      .integer({ min: 10, max: 1_000 })
      .chain((allowed) =>
        fc.tuple(fc.constant(allowed), fc.integer({ min: Math.ceil(allowed * 0.91), max: allowed })),
      )
    fc.assert(
      fc.property(pools, ([allowed, busy]) => {
        const { connections = 0 } = only(windowOf(() => origin(allowed, busy)))?.facts ?? {}
        expect(connections).toBeGreaterThan(allowed)
        expect(busy / connections).toBeLessThanOrEqual(0.75)
      }),
      { numRuns: 30 },
    )
  })
})

describe('pool-oversized', () => {
  const idle = (open: number, busy: number, seconds = 60) =>
    windowOf(
      (second) => ({ client: { attempts: 1 }, origin: { open, busy, allowed: 256, requests: second } }),
      seconds,
    )

  it('is given when most open connections were unused over the whole window', () => {
    const advice = only(idle(40, 4))
    expect(advice).toMatchObject({ code: 'pool-oversized', facts: { minOpen: 40, maxInUse: 4 } })
    expect(advice?.message).toContain('`pool.autoscale`')
  })

  it('is not given for connections that are not open, for a few, or before the window is full', () => {
    expect(codes(idle(4, 4))).toEqual([])
    expect(codes(idle(6, 1))).toEqual([])
    expect(codes(idle(40, 4, 50))).toEqual([])
  })
})

describe('connections-not-reused', () => {
  const used = (closedPerSecond: number) =>
    windowOf((second) => ({
      client: { attempts: 1 },
      origin: { requests: second, closed: second * closedPerSecond, opened: second * closedPerSecond },
    }))

  it('is given when most requests open a connection', () => {
    const advice = only(used(0.9))
    expect(advice).toMatchObject({ code: 'connections-not-reused', facts: { closed: 54, requests: 60 } })
    expect(advice?.message).toContain('`pool.keepAliveTimeoutMs`')
  })

  it('is not given when connections are only opened, or few are closed', () => {
    expect(codes(used(0.2))).toEqual([])
    expect(
      codes(
        windowOf((second) => ({ client: { attempts: 1 }, origin: { requests: second, opened: second } })),
      ),
    ).toEqual([])
  })
})
