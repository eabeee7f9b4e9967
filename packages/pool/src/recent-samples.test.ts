import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentSamples } from './recent-samples.ts'

describe('RecentSamples', () => {
  it('knows nothing before the first sample', () => {
    expect(new RecentSamples().percentiles()).toBeUndefined()
  })

  it('tells the middle and the slow end of the last samples only', () => {
    const samples = new RecentSamples(100)
    for (let sample = 1; sample <= 1_000; sample++) samples.add(sample)
    expect(samples.percentiles()).toEqual({ p50: 950, p95: 995 })
  })

  it('answers with samples it was given, the slow end never below the middle', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), (given) => {
        const samples = new RecentSamples(16)
        for (const sample of given) samples.add(sample)
        const last = given.slice(-16)
        const { p50, p95 } = samples.percentiles() ?? { p50: -1, p95: -1 }
        expect(last).toContain(p50)
        expect(last).toContain(p95)
        expect(p95).toBeGreaterThanOrEqual(p50)
        expect(last.filter((sample) => sample <= p50).length * 2).toBeGreaterThanOrEqual(last.length)
      }),
    )
  })
})
