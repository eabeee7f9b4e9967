import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pace } from './pace.ts'
import { split, type SlowRoute, type SplitGroup } from './split.ts'

const HOUR_MS = 3_600_000
const paceOf = (callMs: number, concurrency = 64, limitPerMs = Infinity): Pace =>
  new Pace({ concurrency, callMs, limitPerMs: () => limitPerMs })
const group = (count: number, prices: Partial<Record<SlowRoute, number>>): SplitGroup => ({
  count,
  prices: new Map(Object.entries(prices)) as Map<SlowRoute, number>,
})
const ALL = { batch: 0.5, flex: 0.5, '8h': 0.6, '2h': 0.7 }
const routesOf = (
  groups: readonly SplitGroup[],
  msLeft: number,
  typicalBatchMs = HOUR_MS,
  pace = paceOf(2_000),
) =>
  split(groups, { msLeft, pace, typicalBatchMs }).groups.map((parts) =>
    Object.fromEntries(parts.map(({ route, count }) => [route, count])),
  )

describe('the routes of a run', () => {
  it('are those that cost least within the time', () => {
    expect(routesOf([group(1_000, ALL)], 12 * HOUR_MS)).toEqual([{ batch: 1_000 }])
    expect(routesOf([group(1_000, ALL)], HOUR_MS)).toEqual([{ flex: 1_000 }])
    expect(routesOf([group(1_000, ALL)], 10_000)).toEqual([{ direct: 1_000 }])
    // Batches take too long.
    expect(routesOf([group(10, { batch: 0.5, '2h': 0.7 })], 3 * HOUR_MS, 24 * HOUR_MS)).toEqual([
      { '2h': 10 },
    ])
    expect(routesOf([group(10, { batch: 0.5, '2h': 0.7, '8h': 0.6 })], 9 * HOUR_MS, 24 * HOUR_MS)).toEqual([
      { '8h': 10 },
    ])
  })

  it('are direct at once for as many as could not be called in time later', () => {
    // 64 calls of 2 s at once are 32 in a second: 115,200 an hour, and two thirds of it with the margin.
    const [routes] = routesOf([group(200_000, { batch: 0.5 })], 2 * HOUR_MS)
    expect(routes?.['batch']).toBeGreaterThan(120_000)
    expect(routes?.['batch']).toBeLessThan(153_600)
    expect((routes?.['batch'] ?? 0) + (routes?.['direct'] ?? 0)).toBe(200_000)
  })

  it('keep to the rate limits of direct calls', () => {
    const limited = paceOf(2_000, 64, 100 / 60_000)
    const [routes] = routesOf([group(20_000, { batch: 0.5 })], 2 * HOUR_MS, HOUR_MS, limited)
    // 100 a minute.
    expect(routes?.['batch']).toBeLessThanOrEqual(120 * 100)
  })

  const SLOW: readonly SlowRoute[] = ['batch', 'flex', '2h', '8h']
  const groups = fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 200_000 }),
      prices: fc.uniqueArray(
        fc.tuple(fc.constantFrom(...SLOW), fc.double({ min: 0.1, max: 1.2, noNaN: true })),
        {
          selector: ([route]) => route,
        },
      ),
    }),
    { minLength: 1, maxLength: 5 },
  )

  it('add up to all requests, and leave time to call all that wait, whatever the numbers', () => {
    const seen = { waiting: 0, direct: 0 }
    fc.assert(
      fc.property(
        groups,
        fc.integer({ min: 1, max: 3 * 24 * HOUR_MS }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 60_000, max: 24 * HOUR_MS }),
        (list, msLeft, callMs, concurrency, typicalBatchMs) => {
          const given = list.map(({ count, prices }) => ({ count, prices: new Map(prices) }))
          const pace = paceOf(callMs, concurrency)
          const { groups: divided, callOverMs } = split(given, { msLeft, pace, typicalBatchMs })
          let waiting = 0
          for (const [place, parts] of divided.entries()) {
            expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(given[place]?.count)
            for (const { route, count } of parts) {
              expect(count).toBeGreaterThan(0)
              if (route === 'direct') seen.direct++
              else {
                expect(given[place]?.prices.get(route)).toBeLessThan(1)
                waiting += count
                seen.waiting++
              }
            }
          }
          // All that wait for a slower route can still be called after that.
          if (waiting > 0) expect(callOverMs + pace.callsMs(waiting)).toBeLessThanOrEqual(msLeft + 1)
        },
      ),
    )
    expect(seen.waiting).toBeGreaterThan(20)
    expect(seen.direct).toBeGreaterThan(20)
  })
})

describe('the pace of direct calls', () => {
  it('lets as many calls fit into a time as take that time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 500 }),
        (count, callMs, concurrency) => {
          const pace = paceOf(callMs, concurrency)
          const fitting = pace.fitting(pace.callsMs(count))
          expect(Math.abs(fitting - count)).toBeLessThanOrEqual(1)
          expect(pace.callsMs(fitting)).toBeLessThanOrEqual(pace.callsMs(count) + 1e-6)
        },
      ),
    )
  })

  it('assumes slow calls until one was measured, and follows the latest ones', () => {
    const pace = new Pace({ concurrency: 10, limitPerMs: () => Infinity })
    expect(pace.callMs).toBe(15_000)
    pace.note(100)
    expect(pace.callMs).toBe(100)
    for (let call = 0; call < 64; call++) pace.note(400)
    expect(pace.callMs).toBe(400)
    expect(pace.perMs).toBe(10 / 400)
  })
})
