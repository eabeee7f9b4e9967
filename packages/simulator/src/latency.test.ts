import { expect, it } from 'vitest'
import { type Latency, sampleLatency } from './latency.ts'
import { seededRandom } from './random.ts'

function samples(latency: Latency, seed = 1): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: 20_000 }, () => sampleLatency(latency, random))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

it('returns a constant unchanged', () => {
  expect(new Set(samples(7))).toEqual(new Set([7]))
})

it('is uniform between min and max', () => {
  const values = samples({ min: 10, max: 20 })
  expect(Math.min(...values)).toBeGreaterThanOrEqual(10)
  expect(Math.max(...values)).toBeLessThan(20)
  expect(mean(values)).toBeCloseTo(15, 0)
})

it('is lognormal with the given mean and a long tail', () => {
  const values = samples({ mean: 100, sigma: 0.5 }).sort((one, other) => one - other)
  expect(mean(values) / 100).toBeCloseTo(1, 1)
  expect((values[10_000] ?? 0) / 100).toBeCloseTo(Math.exp(-0.125), 1)
  expect(values[19_800]).toBeGreaterThan(220)
})

it('depends only on the seed', () => {
  expect(samples({ mean: 1, sigma: 1 }, 3)).toEqual(samples({ mean: 1, sigma: 1 }, 3))
  expect(samples({ mean: 1, sigma: 1 }, 3)).not.toEqual(samples({ mean: 1, sigma: 1 }, 4))
})
