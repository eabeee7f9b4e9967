import { describe, expect, it } from 'vitest'
import { always, codes, MiB, only, type SampleValues, windowOf } from './helpers/monitor-window.ts'

describe('event-loop-blocked', () => {
  it('is given when the 99th percentile of the delay is above 70 ms', () => {
    const advice = only(windowOf(() => ({ delays: [...Array<number>(48).fill(1), 200, 120] })))
    expect(advice).toMatchObject({ code: 'event-loop-blocked', severity: 'warning', facts: { maxMs: 200 } })
    expect(advice?.message).toContain('at most 200 ms late. Above 70 ms')
    expect(advice?.message).toContain('`limits.maxConcurrency`')
  })

  it('is not given for one block in a minute, nor for two at the start', () => {
    const once = (number: number): SampleValues => ({
      delays: number === 30 ? [400] : Array<number>(50).fill(1),
    })
    expect(codes(windowOf(once))).toEqual([])
    const blocked = (times: number) => (number: number) => ({
      delays: number > 0 && number <= times ? [900] : [1],
    })
    expect(codes(windowOf(blocked(2), 10))).toEqual([])
    expect(codes(windowOf(blocked(3), 10))).toEqual(['event-loop-blocked'])
  })

  it('stays active until the delay is half as long', () => {
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

  it('is given above 90 % of the time, and withdrawn below 80 %', () => {
    expect(only(busy(0.95))).toMatchObject({ code: 'event-loop-busy', facts: { utilization: 0.95 } })
    expect(codes(busy(0.85))).toEqual([])
    expect(codes(busy(0.85), always)).toEqual(['event-loop-busy'])
    expect(codes(busy(0.75), always)).toEqual([])
  })
})

describe('heap-near-limit', () => {
  const heap = (used: (second: number) => number) =>
    windowOf((second) => ({ process: { heapUsedBytes: used(second) * MiB, heapLimitBytes: 1_000 * MiB } }))

  it('is given when the live heap is above 80 % of the limit', () => {
    const advice = only(heap((second) => 850 + (second % 10) * 10))
    expect(advice).toMatchObject({ code: 'heap-near-limit', severity: 'warning' })
    expect(advice?.message).toContain('never came below 850 MiB of the 1000 MiB')
    expect(advice?.message).toContain('--max-old-space-size')
  })

  it('is not given for garbage that is collected', () => {
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

  it('is given when the live heap grows, and would reach the limit within an hour', () => {
    const advice = only(heap(1))
    expect(advice).toMatchObject({ code: 'heap-growing', severity: 'note' })
    expect((advice?.facts['bytesPerMinute'] ?? 0) / MiB).toBeCloseTo(60, -1)
    expect(advice?.message).toContain('are full in 29 minutes')
  })

  it('is not given for slow or no growth, or before the window is full', () => {
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

  it('is given above 90 % of the limit of the container, with the size of the cache', () => {
    const advice = only(memory(475, 500))
    expect(advice).toMatchObject({ code: 'memory-near-limit', severity: 'warning' })
    expect(advice?.message).toContain('lower `cache.maxBytes`: the cache holds 64 MiB')
  })

  it('is not given below that, or without a limit', () => {
    expect(codes(memory(425, 500))).toEqual([])
    expect(codes(memory(425, 500), always)).toEqual(['memory-near-limit'])
    expect(codes(memory(90_000, undefined))).toEqual([])
  })
})
