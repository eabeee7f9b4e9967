import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALPHA, exceeds, upperBound } from '../../src/semantic/error-bound.ts'

/**
 * The probability that an excess is shown within the first samples, computed and not simulated: the probabilities of all numbers of wrong answers
 * are moved on, sample by sample, and what reaches the bound is summed up.
 */
function probabilityToExceed(rate: number, max: number, samples: number): number {
  let reached = 0
  let open = [1]
  for (let judged = 1; judged <= samples; judged++) {
    const next = new Array<number>(open.length + 1).fill(0)
    for (const [wrong, probability] of open.entries()) {
      next[wrong] = (next[wrong] ?? 0) + probability * (1 - rate)
      next[wrong + 1] = (next[wrong + 1] ?? 0) + probability * rate
    }
    open = next.map((probability, wrong) => {
      if (probability === 0 || !exceeds({ judged, wrong }, max)) return probability
      reached += probability
      return 0
    })
    while (open.at(-1) === 0) open.pop()
  }
  return reached
}

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe('the bound of the error rate', () => {
  it('accuses an embedder whose rate is allowed with a probability of at most 5 %, although it looks after each of 2,000 samples', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.002, max: 0.2, noNaN: true }),
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        (max, part) => {
          expect(probabilityToExceed(max * part, max, 2_000)).toBeLessThanOrEqual(ALPHA)
        },
      ),
      {
        seed: 3,
        numRuns: 12,
        examples: [
          [0.01, 1],
          [0.05, 1],
        ],
      },
    )
  })

  it('holds for an embedder that does its worst: at the maximum after each right answer, and careful after a wrong one', () => {
    let off = 0
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomOf(seed)
      let wrong = 0
      for (let judged = 1; judged <= 1_000; judged++) {
        if (random() < (wrong > judged * 0.01 ? 0.01 : 0.005)) wrong++
        if (exceeds({ judged, wrong }, 0.01)) {
          off++
          break
        }
      }
    }
    // Three standard deviations of such a count above it.
    expect(off).toBeLessThanOrEqual(300 * ALPHA + 3 * Math.sqrt(300 * ALPHA * (1 - ALPHA)))
  })

  it('shows within 200 samples that every 20th answer is wrong, when 1 % is allowed', () => {
    const every = (judged: number) => ({ judged, wrong: Math.floor(judged / 20) })
    const found = Array.from({ length: 200 }, (_, at) => every(at + 1)).findIndex((samples) =>
      exceeds(samples, 0.01),
    )
    expect(found + 1).toBeGreaterThan(0)
    expect(found + 1).toBeLessThanOrEqual(160)
  })

  it.each([
    [0.05, 0.9],
    [0.08, 0.99],
    [0.1, 0.999],
    [0.2, 0.999_999],
    [1, 1],
  ])('shows a rate of %s within 200 samples with a probability of at least %s', (rate, probability) => {
    expect(probabilityToExceed(rate, 0.01, 200)).toBeGreaterThanOrEqual(probability)
  })

  it('needs two wrong answers at least', () => {
    expect(exceeds({ judged: 1, wrong: 1 }, 0.01)).toBe(false)
    expect(exceeds({ judged: 2, wrong: 2 }, 0.01)).toBe(true)
  })

  it('has an upper bound that is above the true rate in at least 95 % of all runs, after each sample', () => {
    let missed = 0
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomOf(seed)
      let wrong = 0
      for (let judged = 1; judged <= 600; judged++) {
        if (random() < 0.03) wrong++
        if (judged % 10 === 0 && upperBound({ judged, wrong }) < 0.03) {
          missed++
          break
        }
      }
    }
    expect(missed / 200).toBeLessThanOrEqual(ALPHA)
  })

  it('proves 1 % only after hundreds of right answers', () => {
    expect(upperBound({ judged: 0, wrong: 0 })).toBe(1)
    expect(upperBound({ judged: 100, wrong: 0 })).toBeGreaterThan(0.01)
    expect(upperBound({ judged: 353, wrong: 0 })).toBeGreaterThan(0.01)
    expect(upperBound({ judged: 354, wrong: 0 })).toBeLessThanOrEqual(0.01)
    expect(upperBound({ judged: 646, wrong: 1 })).toBeGreaterThan(0.01)
    expect(upperBound({ judged: 647, wrong: 1 })).toBeLessThanOrEqual(0.01)
  })

  it('stays finite and between the observed rate and 1 for any counts', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.double({ min: 0, max: 1, noNaN: true }), (judged, part) => {
        const wrong = Math.floor(judged * part)
        const bound = upperBound({ judged, wrong })
        expect(bound).toBeLessThanOrEqual(1)
        expect(bound).toBeGreaterThanOrEqual(judged === 0 ? 0 : wrong / judged)
        expect(typeof exceeds({ judged, wrong }, 0.01)).toBe('boolean')
        if (judged > 100 && part > 0.5) expect(exceeds({ judged, wrong }, 0.01)).toBe(true)
      }),
      { seed: 4 },
    )
  })
})
