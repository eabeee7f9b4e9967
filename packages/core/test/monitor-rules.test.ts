import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AdviceCode } from '../src/monitor/advice.ts'
import { judge } from '../src/monitor/rules.ts'
import type { Window } from '../src/monitor/window.ts'
import { MiB, ORIGIN, quota, windowOf, type Look } from './helpers/monitor-window.ts'

const never = (): boolean => false
const always = (): boolean => true

function codes(window: Window, was = never): AdviceCode[] {
  return judge(window, was).map(({ code }) => code)
}

/** The one advice that is expected, and no other. */
function only(window: Window, was = never) {
  const [finding, ...others] = judge(window, was)
  expect(others).toEqual([])
  return finding
}

/** In use and waiting, of so many connections. */
const origin = (allowed: number, busy: number, queued = 0, requests = 0): Look => ({
  client: { attempts: 1 },
  origin: { allowed, busy, open: busy, queued, requests, queueMs: { p50: 90, p95: 250, p99: 300 } },
})

it('says nothing of a process and a client that have nothing to do', () => {
  expect(codes(windowOf(() => ({})))).toEqual([])
})

it('says nothing before there are ten looks', () => {
  const blocked = (): Look => ({ delays: [500] })
  expect(codes(windowOf(blocked, 8))).toEqual([])
  expect(codes(windowOf(blocked, 9))).toEqual(['event-loop-blocked'])
})

describe('event-loop-blocked', () => {
  it('is given when one moment in a hundred is late by more than 70 ms', () => {
    const advice = only(windowOf(() => ({ delays: [...Array<number>(48).fill(1), 200, 120] })))
    expect(advice).toMatchObject({ code: 'event-loop-blocked', severity: 'warning', facts: { maxMs: 200 } })
    expect(advice?.message).toContain('by 200 ms at most, where 70 ms is much')
    expect(advice?.message).toContain('`limits.maxConcurrency`')
  })

  it('is not given for one block in a minute, nor for two at the start', () => {
    const once = (number: number): Look => ({ delays: number === 30 ? [400] : Array<number>(50).fill(1) })
    expect(codes(windowOf(once))).toEqual([])
    const blocked = (times: number) => (number: number) => ({
      delays: number > 0 && number <= times ? [900] : [1],
    })
    expect(codes(windowOf(blocked(2), 10))).toEqual([])
    expect(codes(windowOf(blocked(3), 10))).toEqual(['event-loop-blocked'])
  })

  it('stands until the delay is half as long', () => {
    const late = (ms: number) => windowOf(() => ({ delays: [ms] }))
    expect(codes(late(50))).toEqual([])
    expect(codes(late(50), always)).toEqual(['event-loop-blocked'])
    expect(codes(late(30), always)).toEqual([])
  })
})

describe('event-loop-busy', () => {
  const busy = (share: number) =>
    windowOf((second) => ({
      process: { activeMs: second * 1_000 * share, idleMs: second * 1_000 * (1 - share) },
    }))

  it('is given above nine tenths of the time, and withdrawn below eight', () => {
    expect(only(busy(0.95))).toMatchObject({ code: 'event-loop-busy', facts: { utilization: 0.95 } })
    expect(codes(busy(0.85))).toEqual([])
    expect(codes(busy(0.85), always)).toEqual(['event-loop-busy'])
    expect(codes(busy(0.75), always)).toEqual([])
  })
})

describe('heap-near-limit', () => {
  const heap = (used: (second: number) => number) =>
    windowOf((second) => ({ process: { heapUsedBytes: used(second) * MiB, heapLimitBytes: 1_000 * MiB } }))

  it('is given when collections leave more than four fifths of what V8 may use', () => {
    const advice = only(heap((second) => 850 + (second % 10) * 10))
    expect(advice).toMatchObject({ code: 'heap-near-limit', severity: 'warning' })
    expect(advice?.message).toContain('never came below 850 MiB of the 1000 MiB')
    expect(advice?.message).toContain('--max-old-space-size')
  })

  it('is not given for garbage that a collection takes away', () => {
    expect(codes(heap((second) => (second % 20 === 0 ? 300 : 950)))).toEqual([])
  })
})

describe('heap-growing', () => {
  const heap = (perSecond: number, seconds = 60) =>
    windowOf(
      (second) => ({
        process: {
          heapUsedBytes: (100 + perSecond * second + (second % 3) * 5) * MiB,
          heapLimitBytes: 2_000 * MiB,
        },
      }),
      seconds,
    )

  it('is given when what collections leave grows, and would fill the heap within an hour', () => {
    const advice = only(heap(1))
    expect(advice).toMatchObject({ code: 'heap-growing', severity: 'note' })
    expect((advice?.facts['bytesPerMinute'] ?? 0) / MiB).toBeCloseTo(60, -1)
    expect(advice?.message).toContain('are full in 29 minutes')
  })

  it('is not given of a slow growth, of a heap that does not grow, or before the window is full', () => {
    expect(codes(heap(0.4))).toEqual([])
    expect(codes(heap(0))).toEqual([])
    expect(codes(heap(1, 59))).toEqual([])
  })
})

describe('memory-near-limit', () => {
  const memory = (rss: number, limit: number | undefined) =>
    windowOf(() => ({
      process: { rssBytes: rss * MiB, rssLimitBytes: limit && limit * MiB },
      cache: { bytes: 64 * MiB },
    }))

  it('is given above nine tenths of what the container allows, and tells what the cache holds of it', () => {
    const advice = only(memory(475, 500))
    expect(advice).toMatchObject({ code: 'memory-near-limit', severity: 'warning' })
    expect(advice?.message).toContain('lower `cache.maxBytes`: the cache holds 64 MiB')
  })

  it('is not given below, or where there is no limit', () => {
    expect(codes(memory(425, 500))).toEqual([])
    expect(codes(memory(425, 500), always)).toEqual(['memory-near-limit'])
    expect(codes(memory(90_000, undefined))).toEqual([])
  })
})

describe('queue-waits', () => {
  it('is given when half of the looks find requests waiting, and advises what was needed at once', () => {
    const advice = only(windowOf((second) => origin(4, 4, second % 2 === 0 ? 20 : 0)))
    expect(advice).toMatchObject({
      code: 'queue-waits',
      severity: 'warning',
      subject: ORIGIN,
      facts: { allowed: 4, connections: 24, waitP50Ms: 90, waitP95Ms: 250 },
    })
    expect(advice?.message).toContain('Raise `pool.connections` to 24')
  })

  it('is not given for a burst now and then, and stands until they are rare', () => {
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
  it('is given when more than nine tenths are in use and nobody waits, and advises room for a quarter more', () => {
    const advice = only(windowOf(() => origin(20, 19)))
    expect(advice).toMatchObject({
      code: 'pool-saturated',
      severity: 'note',
      facts: { allowed: 20, connections: 26 },
    })
  })

  it('is not given at three quarters, nor where a queue says more', () => {
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

  it('is given when most open connections were never in use, in all of the window', () => {
    const advice = only(idle(40, 4))
    expect(advice).toMatchObject({ code: 'pool-oversized', facts: { fewestOpen: 40, mostInUse: 4 } })
    expect(advice?.message).toContain('`pool.autoscale`')
  })

  it('says nothing of connections that are allowed and not open, of a few, or before the window is full', () => {
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

  it('is given when most requests cost a connection', () => {
    const advice = only(used(0.9))
    expect(advice).toMatchObject({ code: 'connections-not-reused', facts: { closed: 54, requests: 60 } })
    expect(advice?.message).toContain('`pool.keepAliveTimeoutMs`')
  })

  it('is not given for those that are only opened, or when a few are closed', () => {
    expect(codes(used(0.2))).toEqual([])
    expect(
      codes(
        windowOf((second) => ({ client: { attempts: 1 }, origin: { requests: second, opened: second } })),
      ),
    ).toEqual([])
  })
})

describe('limits-saturated', () => {
  it('is given when calls wait for a limit, and names the tightest', () => {
    const rate = {
      waiting: 6,
      limits: {
        requests: { limit: 600, windowMs: 60_000, available: 0, learned: false },
        tokens: { limit: 90_000, windowMs: 60_000, available: 50_000, learned: false },
      },
    }
    const advice = only(windowOf(() => ({ client: { limits: { 'openai/gpt-4': quota(rate) } } })))
    expect(advice).toMatchObject({
      code: 'limits-saturated',
      subject: 'openai/gpt-4',
      facts: { meanWaiting: 6 },
    })
    expect(advice?.message).toContain('The tightest: 600 requests in 60 s.')
  })

  it('names the pause that a provider asked for', () => {
    const paused = quota({ waiting: 1, pausedForMs: 4_000 })
    const advice = only(windowOf(() => ({ client: { limits: { g: paused } } })))
    expect(advice?.message).toContain('The tightest: a pause of 4.0 s that the provider asked for.')
  })

  it('names the number of calls at once where that is what they wait for', () => {
    const concurrency = { limit: 8, inFlight: 8, waiting: 3, granted: 9, overloaded: 0, cuts: 0 }
    const advice = only(windowOf(() => ({ client: { limits: { g: quota({}, concurrency) } } })))
    expect(advice?.message).toContain('The tightest: `limits.maxConcurrency`, 8.')
  })

  it('is not given while nobody waits', () => {
    expect(codes(windowOf(() => ({ client: { limits: { g: quota({ inFlight: 50 }) } } })))).toEqual([])
  })
})

describe('rate-limited-upstream', () => {
  const refusals = (share: number, limits: Look['client'] = {}) =>
    windowOf((second) => ({
      client: { ...limits, attempts: second * 10, failures: { 'rate-limit': second * 10 * share } },
      origin: {},
    }))

  it('is given when one request in twenty is refused, and advises to learn the limits', () => {
    const advice = only(refusals(0.2))
    expect(advice).toMatchObject({
      code: 'rate-limited-upstream',
      severity: 'warning',
      facts: { attempts: 600, refused: 120, requestsPerMinute: 480 },
    })
    expect(advice?.message).toContain('Give `limits: {}`')
  })

  it('advises what was let through, where there are limits', () => {
    const advice = only(refusals(0.2, { limits: { g: quota({}) } }))
    expect(advice?.message).toContain('Set `limits.requestsPerMinute` to 480')
  })

  it('is not given for a few', () => {
    expect(codes(refusals(0.03))).toEqual([])
    expect(codes(refusals(0.03), always)).toEqual(['rate-limited-upstream'])
  })
})

describe('cache-too-small', () => {
  const cache = (evicted: number, entries: (second: number) => number, hits = 5) =>
    windowOf((second) => ({
      cache: {
        hits: second * hits,
        misses: second * 5,
        kept: second * 5,
        evictions: second * evicted,
        entries: entries(second),
        bytes: 3 * MiB,
      },
    }))

  it('advises twice the entries when it is they that are full', () => {
    const advice = only(cache(4, () => 1_000))
    expect(advice).toMatchObject({ code: 'cache-too-small', facts: { entries: 1_000, maxEntries: 2_000 } })
    expect(advice?.message).toContain('Raise `cache.maxEntries` from 1000 to 2000')
  })

  it('advises twice the bytes when their number comes and goes', () => {
    const advice = only(cache(4, (second) => 900 + second))
    expect(advice?.facts).toMatchObject({ maxBytes: 6 * MiB })
  })

  it('is not given when a few make room, or when nothing is asked again anyway', () => {
    expect(codes(cache(0.2, () => 1_000))).toEqual([])
    expect(codes(cache(5, () => 1_000, 0))).toEqual(['cache-ineffective'])
  })
})

describe('cache-ineffective', () => {
  it('is given when the cache answers hardly any call', () => {
    const advice = only(windowOf((second) => ({ cache: { misses: second * 10 } })))
    expect(advice).toMatchObject({ code: 'cache-ineffective', facts: { asked: 600, ratio: 0 } })
    expect(advice?.message).toContain('`cache.scope`')
  })

  it('is given when hardly any call may be answered by it', () => {
    const advice = only(windowOf((second) => ({ cache: { bypassed: second * 10, misses: second / 10 } })))
    expect(advice?.message).toContain("`cache.when: 'always'`")
  })

  it('is not given for one that answers, or of few calls', () => {
    expect(codes(windowOf((second) => ({ cache: { misses: second * 9, hits: second } })))).toEqual([])
    expect(codes(windowOf((second) => ({ cache: { misses: second } })))).toEqual([])
  })
})

describe('prefetch-wasteful', () => {
  const ahead = (useful: number, client: Look['client'] = {}) =>
    windowOf((second) => ({
      client,
      cache: { prefetch: { loaded: second, useful: second * useful, wasted: 0 } },
    }))

  it('is given when fewer than three in ten were of use', () => {
    const advice = only(ahead(0.1))
    expect(advice).toMatchObject({ code: 'prefetch-wasteful', facts: { loaded: 60, useful: 6 } })
    expect(advice?.message).toContain('`harbor.prefetch()`')
  })

  it('names the options of predictions where they are on', () => {
    const prefetch = {
      predicted: 0,
      begun: 0,
      skipped: { budget: 0, off: 0, late: 0 },
      failed: 0,
      inFlight: 0,
      precision: 0.1,
      on: true,
    }
    expect(only(ahead(0.1, { prefetch }))?.message).toContain('`prefetch.minConfidence`')
  })

  it('is not given when they were, and stands until four in ten are', () => {
    expect(codes(ahead(0.35))).toEqual([])
    expect(codes(ahead(0.35), always)).toEqual(['prefetch-wasteful'])
    expect(codes(ahead(0.45), always)).toEqual([])
  })
})

describe('what cannot be seen', () => {
  it('of a client on a fetch of its caller’s: sockets are said to be unseen, instead of none', () => {
    expect(only(windowOf(() => ({ client: { attempts: 5 } }), 1))).toMatchObject({
      code: 'sockets-unseen',
      facts: { attempts: 5 },
    })
  })

  it('of a closed client: it says so, and judges only the process', () => {
    const closed = windowOf(() => ({
      delays: [500],
      client: { attempts: 5, closed: true },
      origin: { allowed: 4, busy: 4, queued: 9 },
    }))
    expect(codes(closed)).toEqual(['client-closed', 'event-loop-blocked'])
  })
})

it('gives messages that end, and facts that are figures, whatever is seen', () => {
  const count = fc.nat({ max: 10_000 })
  const look = fc.record({
    delays: fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 5 }),
    process: fc.record({
      activeMs: count,
      heapUsedBytes: count,
      heapLimitBytes: fc.integer({ min: 1, max: 9_999 }),
    }),
    client: fc.record({ attempts: count, failures: fc.record({ 'rate-limit': count }) }),
    cache: fc.record({ hits: count, misses: count, kept: count, evictions: count, bypassed: count }),
    origin: fc.record({
      open: count,
      busy: count,
      queued: count,
      requests: count,
      closed: count,
      opened: count,
    }),
  })
  fc.assert(
    fc.property(fc.array(look, { minLength: 61, maxLength: 61 }), fc.boolean(), (looks, stands) => {
      for (const { message, facts } of judge(
        windowOf((number) => looks[number] ?? {}),
        () => stands,
      )) {
        expect(message).toMatch(/\.$/)
        expect(message).not.toMatch(/NaN|Infinity|undefined/)
        for (const figure of Object.values(facts)) expect(figure).toBeGreaterThanOrEqual(0)
      }
    }),
    { numRuns: 50 },
  )
})
