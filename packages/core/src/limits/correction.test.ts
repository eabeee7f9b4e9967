import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputCorrection, OutputCorrection } from './correction.ts'

function learned(...pairs: readonly (readonly [estimate: number, used: number])[]): InputCorrection {
  const correction = new InputCorrection()
  for (let round = 0; round < 60; round++)
    for (const [estimate, used] of pairs) correction.learn(estimate, used)
  return correction
}

describe('InputCorrection', () => {
  it('leaves the estimate as it is before the first answer', () => {
    expect(new InputCorrection().of(123)).toBe(123)
  })

  it('learns an offset from short requests', () => {
    expect(learned([2, 8]).of(25_000)).toBeLessThan(25_010)
    expect(learned([2, 802]).of(1_000)).toBeGreaterThan(1_790)
    expect(learned([2, 802]).of(1_000)).toBeLessThan(1_801)
  })

  it('learns a factor from requests of many lengths', () => {
    const correction = learned([100, 200], [1_000, 2_000], [10_000, 20_000])
    expect(correction.of(5_000)).toBeGreaterThan(9_500)
    expect(correction.of(5_000)).toBeLessThan(10_500)
  })

  it('learns both at once', () => {
    const correction = learned([100, 950], [1_000, 2_300], [4_000, 6_800], [300, 1_250])
    expect(correction.of(2_000)).toBeGreaterThan(3_500)
    expect(correction.of(2_000)).toBeLessThan(4_100)
  })

  it('learns a factor below one from requests of one length', () => {
    expect(learned([1_000, 600]).of(10_000)).toBeGreaterThan(5_900)
    expect(learned([1_000, 600]).of(10_000)).toBeLessThan(6_500)
  })

  it.each([5e6, 1e300, Infinity, NaN, -1, 0])(
    'ignores an answer that reports %d tokens for a short request',
    (used) => {
      const correction = new InputCorrection()
      correction.learn(2, used)
      expect(correction.of(1_000)).toBe(1_000)
    },
  )

  it('recovers from one large report within some answers', () => {
    const correction = learned([10, 15])
    correction.learn(10, 30_000)
    for (let answer = 0; answer < 60; answer++) correction.learn(10, 15)
    expect(correction.of(10)).toBeLessThan(100)
  })

  it('is finite and clamped for any report', () => {
    const tokens = fc.oneof(fc.nat(100_000), fc.double({ min: 0 }), fc.constantFrom(NaN, Infinity, -7, 1e300))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1e6), tokens)), fc.nat(1e6), (answers, estimate) => {
        const correction = new InputCorrection()
        for (const [estimated, used] of answers) correction.learn(estimated, used)
        expect(correction.of(estimate)).toBeGreaterThanOrEqual(0.25 * estimate)
        expect(correction.of(estimate)).toBeLessThanOrEqual(Math.ceil(32_768 + 4 * estimate))
      }),
    )
  })
})

describe('OutputCorrection', () => {
  it('learns a factor, within bounds', () => {
    const correction = new OutputCorrection()
    for (let answer = 0; answer < 100; answer++) correction.learn(1_000, 100)
    expect(correction.of(1_000)).toBeLessThan(110)
    for (const used of [1e300, Infinity, NaN, -1]) correction.learn(1_000, used)
    expect(correction.of(1_000)).toBeLessThan(110)
    for (let answer = 0; answer < 100; answer++) correction.learn(1_000, 0)
    expect(correction.of(1_000)).toBe(20)
  })
})
