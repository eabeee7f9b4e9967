import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge } from '../src/monitor/rules.ts'
import { codes, only, type SampleValues, windowOf } from './helpers/monitor-window.ts'

describe('the rules of the monitor', () => {
  it('gives no advice for an idle process and client', () => {
    expect(codes(windowOf(() => ({})))).toEqual([])
  })

  it('gives no advice before there are ten samples', () => {
    const blocked = (): SampleValues => ({ delays: [500] })
    expect(codes(windowOf(blocked, 8))).toEqual([])
    expect(codes(windowOf(blocked, 9))).toEqual(['event-loop-blocked'])
  })

  describe('a reading without sockets or client', () => {
    it('reports that the sockets of a client with its own fetch cannot be seen', () => {
      expect(only(windowOf(() => ({ client: { attempts: 5 } }), 1))).toMatchObject({
        code: 'sockets-unseen',
        facts: { attempts: 5 },
      })
    })

    it('reports that a client is closed, and applies only the rules of the process', () => {
      const closed = windowOf(() => ({
        delays: [500],
        client: { attempts: 5, closed: true },
        origin: { allowed: 4, busy: 4, queued: 9 },
      }))
      expect(codes(closed)).toEqual(['client-closed', 'event-loop-blocked'])
    })
  })

  it('gives complete messages and finite facts for any values', () => {
    const count = fc.nat({ max: 10_000 })
    const look = fc.record({
      delays: fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 5 }),
      process: fc.record({
        activeMs: count,
        heapUsedBytes: count,
        heapLimitBytes: fc.integer({ min: 1, max: 9_999 }),
      }),
      client: fc.record({ attempts: count, failures: fc.record({ 'rate-limit': count }) }),
      cache: fc.record({ hits: count, misses: count, stored: count, evictions: count, bypassed: count }),
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
})
