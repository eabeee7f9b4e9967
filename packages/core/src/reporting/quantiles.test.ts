import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from './quantiles.ts'

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe('Histogram', () => {
  it('reads undefined before the first value', () => {
    expect(new Histogram().read()).toBeUndefined()
  })

  it('is accurate to a tenth, from a fiftieth of a millisecond to days', () => {
    // Exponents are distributed evenly, so that buckets of every width are used.
    const duration = fc.double({ min: -1.7, max: 8.4, noNaN: true }).map((exponent) => 10 ** exponent)
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), (values) => {
        const sorted = values.toSorted((a, b) => a - b)
        const truth = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
        const read = histogramOf(values).read()
        for (const [estimate, share] of [
          [read?.p50, 0.5],
          [read?.p95, 0.95],
          [read?.p99, 0.99],
        ] as const) {
          expect(estimate).toBeGreaterThanOrEqual(truth(share) * 0.9)
          expect(estimate).toBeLessThanOrEqual(truth(share) * 1.1)
        }
      }),
    )
  })

  it('has exact count, mean and maximum, and no percentile above the maximum', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 }), (values) => {
        const read = histogramOf(values).read()
        const max = Math.max(...values)
        expect(read).toMatchObject({ count: values.length, max })
        expect(read?.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 3)
        const { p50 = NaN, p95 = NaN, p99 = NaN } = read ?? {}
        expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((a, b) => a - b))
      }),
    )
  })

  it('counts zero', () => {
    expect(histogramOf([0, 0]).read()).toEqual({ count: 2, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 })
  })
})
