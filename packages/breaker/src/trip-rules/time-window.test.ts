import { describe, expect, it } from 'vitest'
import { timeWindow } from '../index.ts'

const START = 1_700_000_000_000

describe('timeWindow', () => {
  it('counts a call for at least nine tenths of the window, and never for longer than the window', () => {
    for (const offset of [0, 1, 50, 99]) {
      const tally = timeWindow({ durationMs: 1_000, failureRatio: 1 }).start()
      tally.record(true, 0, START + offset)
      expect(tally.counts(START + offset + 900).calls).toBe(1)
      expect(tally.counts(START + offset + 1_000).calls).toBe(0)
    }
  })

  it('continues from saved counts, unless the window has another length', () => {
    const tally = timeWindow({ durationMs: 1_000, failureRatio: 1, slowCallMs: 10, slowCallRatio: 1 }).start()
    tally.record(true, 10, START)
    tally.record(false, 9, START + 500)
    const saved = JSON.parse(JSON.stringify(tally.save())) as unknown
    const copy = timeWindow({ durationMs: 1_000, failureRatio: 0.5 }).start(saved)
    expect(copy.counts(START + 500)).toEqual({ calls: 2, successes: 1, failures: 1, slow: 1 })
    expect(copy.counts(START + 1_400)).toEqual({ calls: 1, successes: 1, failures: 0, slow: 0 })
    expect(tally.counts(START + 500).calls).toBe(2)

    // A call counted later in the same step leaves the window together with that step.
    tally.record(true, 0, START + 500)
    const same = timeWindow({ durationMs: 1_000, failureRatio: 1 }).start(tally.save())
    same.record(true, 0, START + 500)
    expect(same.counts(START + 1_499).calls).toBe(3)
    expect(same.counts(START + 1_500).calls).toBe(0)

    for (const foreign of [null, 'text', {}, tally.save()]) {
      expect(timeWindow({ durationMs: 2_000, failureRatio: 1 }).start(foreign).counts(START).calls).toBe(0)
    }
  })

  it('takes the same memory for 100,000 calls in the window as for one', () => {
    const tally = timeWindow({ durationMs: 60_000, failureRatio: 1 }).start()
    const size = (): number => Object.values(tally.save() as object).flat().length
    tally.record(false, 0, START)
    const one = size()
    for (let call = 0; call < 100_000; call++) tally.record(call % 2 === 0, 0, START + call / 2)
    expect(size()).toBe(one)
    expect(tally.counts(START + 50_000).calls).toBe(100_001)
  })
})
