import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyRoom } from './key-room.ts'

describe('what a key has left', () => {
  it('is unknown before an answer has reported it', () => {
    const room = new KeyRoom()
    room.observe({}, 0)
    expect([room.left(0), room.waitMs(0)]).toEqual([undefined, 0])
  })

  it('is the smallest share of its limits, and fills up until the reset', () => {
    const room = new KeyRoom()
    room.observe(
      {
        requests: { limit: 100, remaining: 90, resetAfterMs: 1_000 },
        tokens: { limit: 1_000, remaining: 0, resetAfterMs: 1_000 },
      },
      0,
    )
    expect(room.left(0)).toBe(0)
    expect(room.left(500)).toBeCloseTo(0.5)
    expect(room.left(999)).toBeCloseTo(1, 1)
    expect(room.left(1_000)).toBe(1)
    expect(room.waitMs(0)).toBe(1)
    expect(room.waitMs(1)).toBe(0)
  })

  it('shrinks with each request that is sent', () => {
    const room = new KeyRoom()
    room.observe({ requests: { limit: 10, remaining: 10, resetAfterMs: 1_000 } }, 0)
    room.use()
    expect(room.left(0)).toBeCloseTo(0.9)
  })

  it('is a share from 0 to 1, and its wait at most a day, whatever an answer reports', () => {
    const amount = fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: undefined })
    const limit = fc.record({ limit: amount, remaining: amount, resetAfterMs: amount })
    fc.assert(
      fc.property(limit, limit, fc.nat(100_000), (requests, tokens, later) => {
        const room = new KeyRoom()
        room.observe({ requests, tokens }, 0)
        for (const now of [0, later]) {
          const left = room.left(now)
          if (left !== undefined) expect(left >= 0 && left <= 1).toBe(true)
          expect(room.waitMs(now) >= 0 && room.waitMs(now) <= 86_400_000).toBe(true)
        }
      }),
    )
  })
})
