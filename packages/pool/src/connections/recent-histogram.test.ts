import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentHistogram } from './recent-histogram.ts'

const GENERATION = 16

describe('RecentHistogram', () => {
  it('returns undefined before the first duration', () => {
    expect(new RecentHistogram().percentiles()).toBeUndefined()
  })

  it('discards durations older than two generations', () => {
    const histogram = new RecentHistogram(100)
    for (let sample = 0; sample < 100; sample++) histogram.add(60_000)
    for (let sample = 0; sample < 101; sample++) histogram.add(10)
    expect(histogram.percentiles()?.p99).toBeCloseTo(10, 0)
  })

  it('counts durations below the minimum as 0, and those above a week as a week', () => {
    const histogram = new RecentHistogram()
    histogram.add(0.004)
    expect(histogram.percentiles()).toEqual({ p50: 0, p95: 0, p99: 0 })
    histogram.add(1e15)
    expect(histogram.percentiles()?.p99).toBeGreaterThan(7 * 86_400_000)
  })

  it('is within 2.5 % of the exact percentiles of the last one to two generations', () => {
    const duration = fc.oneof(fc.constant(0.01), fc.double({ min: 0.011, max: 6e8, noNaN: true }))
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 100 }), (given) => {
        const histogram = new RecentHistogram(GENERATION)
        for (const sample of given) histogram.add(sample)
        const full = Math.ceil(given.length / GENERATION) - 1
        const last = given.slice(Math.max(0, full - 1) * GENERATION).sort((a, b) => a - b)
        const told = histogram.percentiles()
        for (const [name, share] of [
          ['p50', 0.5],
          ['p95', 0.95],
          ['p99', 0.99],
        ] as const) {
          const exact = last[Math.ceil(share * last.length) - 1] ?? NaN
          const error = Math.abs((told?.[name] ?? NaN) - exact)
          expect(error).toBeLessThanOrEqual(Math.max(exact * 0.025, 0.01))
        }
      }),
    )
  })
})
