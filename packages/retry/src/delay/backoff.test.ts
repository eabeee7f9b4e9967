import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoff, type Backoff } from './backoff.ts'
import type { Jitter } from './jitter.ts'

/** A random function that returns the same numbers in every run (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const draws = (delay: Backoff, attempt: number, previousDelayMs: number): number[] => {
  const random = seeded(7)
  return Array.from({ length: 100_000 }, () => delay(attempt, previousDelayMs, random))
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value) / values.length

describe('jitter', () => {
  it.each<[Jitter, min: number, max: number, attempt: number, previousDelayMs: number]>([
    ['full', 0, 4_000, 3, 0],
    ['equal', 2_000, 4_000, 3, 0],
    ['decorrelated', 1_000, 6_000, 3, 2_000],
    ['full', 0, 60_000, 50, 0],
    ['equal', 30_000, 60_000, 50, 0],
    ['decorrelated', 1_000, 60_000, 50, 60_000],
  ])(
    'keeps the bounds and the mean of %s (%d to %d ms) over 10^5 delays, which differ even at the cap',
    (jitter, min, max, attempt, previous) => {
      const delays = draws(
        jitter === 'decorrelated' ? backoff.decorrelated() : backoff.exponential({ jitter }),
        attempt,
        previous,
      )
      const width = max - min
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(min)
      expect(Math.min(...delays)).toBeLessThan(min + width / 1_000)
      expect(Math.max(...delays)).toBeLessThanOrEqual(max)
      expect(Math.max(...delays)).toBeGreaterThan(max - width / 1_000)
      expect(Math.abs(mean(delays) - (min + max) / 2)).toBeLessThan(width / 100)
      expect(new Set(delays).size).toBeGreaterThan(99_000)
    },
  )
})

describe('a backoff', () => {
  const delays = (delay: Backoff, attempts = 4): number[] =>
    Array.from({ length: attempts }, (_, index) => delay(index + 1, 0, Math.random))

  it('grows as its name says, up to the cap', () => {
    const options = { jitter: false, baseDelayMs: 100, maxDelayMs: 350 }
    expect(delays(backoff.constant({ delayMs: 100 }))).toEqual([100, 100, 100, 100])
    expect(delays(backoff.linear(options))).toEqual([100, 200, 300, 350])
    expect(delays(backoff.exponential(options))).toEqual([100, 200, 350, 350])
    expect(delays(backoff.exponential({ ...options, factor: 3 }))).toEqual([100, 300, 350, 350])
  })

  it('returns a number between 0 and the cap for any options and any number of attempts', () => {
    const anyDelay = fc.oneof(
      fc.double({ min: 0, noNaN: true }),
      fc.constant(Number.MAX_VALUE),
      fc.constant(0),
    )
    const shape = fc.record({
      baseDelayMs: anyDelay,
      maxDelayMs: anyDelay,
      factor: fc.double({ min: 1, noNaN: true }),
    })
    const attempts = fc.integer({ min: 1, max: 1e9 })
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(shape, attempts, anyDelay, chance, (options, attempt, previous, random) => {
        const { factor, ...rest } = options
        const cap = Math.min(options.maxDelayMs, 2 ** 31 - 1)
        for (const delay of [
          backoff.exponential(options),
          backoff.exponential({ ...options, jitter: 'equal' }),
          backoff.exponential({ ...options, jitter: false }),
          backoff.linear(rest),
          backoff.decorrelated({ ...rest, factor }),
        ]) {
          const delayMs = delay(attempt, previous, () => random)
          expect(delayMs).toBeGreaterThanOrEqual(0)
          expect(delayMs).toBeLessThanOrEqual(cap)
        }
      }),
    )
  })

  it('rejects wrong options by name', () => {
    expect(() => backoff.exponential({ baseDelayMs: -1 })).toThrow(
      'baseDelayMs must be a number of milliseconds of at least 0, got -1',
    )
    expect(() => backoff.exponential({ factor: 0.5 })).toThrow(
      'factor must be a number of at least 1, got 0.5',
    )
    expect(() => backoff.constant({ delay: 5 } as never)).toThrow(
      'unknown option delay; did you mean delayMs?',
    )
    expect(() => backoff.linear({ factor: 2 } as never)).toThrow('unknown option factor')
    expect(() => backoff.decorrelated({ jitter: 'full' } as never)).toThrow('unknown option jitter')
  })
})
