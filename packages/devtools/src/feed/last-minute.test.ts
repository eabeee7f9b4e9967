import { describe, expect, it } from 'vitest'
import { receipt } from '../../test/receipts.ts'
import { LastMinute } from './last-minute.ts'

describe('LastMinute', () => {
  it('counts calls and failures in the second in which they ended, and forgets them after a minute', () => {
    const minute = new LastMinute()
    minute.add(receipt(), 100_000)
    minute.add(receipt({ outcome: 'failure' }), 100_500)
    minute.add(receipt(), 101_000)
    const { perSecond } = minute.read(101_900)
    expect(perSecond.slice(-2)).toEqual([
      [2, 1],
      [1, 0],
    ])
    expect(perSecond.slice(0, -2)).toEqual(Array.from({ length: 58 }, () => [0, 0]))
    const later = minute.read(159_000).perSecond
    expect([later.length, later[0], later[1], later[2]]).toEqual([60, [2, 1], [1, 0], [0, 0]])
    expect(minute.read(161_000).perSecond.flat()).toEqual(Array.from({ length: 120 }, () => 0))
  })

  it('has the exact quantiles of successful calls, without prefetches', () => {
    const minute = new LastMinute()
    expect(minute.read(101_000)).toMatchObject({ p50: undefined, p95: undefined })
    for (let ms = 1; ms <= 100; ms++) minute.add(receipt({ durationMs: ms }), 101_000)
    minute.add(receipt({ durationMs: 9_999, outcome: 'failure' }), 101_000)
    minute.add(receipt({ durationMs: 9_999, isPrefetch: true }), 101_000)
    expect(minute.read(102_000)).toMatchObject({ p50: 50, p95: 95 })
    expect(minute.read(162_000)).toMatchObject({ p50: undefined, p95: undefined })
  })

  it('counts on when the clock is set back', () => {
    const minute = new LastMinute()
    minute.add(receipt(), 100_000)
    minute.add(receipt(), 40_000)
    expect(minute.read(100_000).perSecond.at(-1)).toEqual([2, 0])
  })
})
