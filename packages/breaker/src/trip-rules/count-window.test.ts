import { describe, expect, it } from 'vitest'
import { countWindow } from '../index.ts'

describe('countWindow', () => {
  it('counts the last calls only, and drops the oldest first', () => {
    const tally = countWindow({ size: 4, failureRatio: 1 }).start()
    const outcomes = [true, true, true, false, true, true, true, true]
    expect(outcomes.map((failed) => tally.record(failed, 0, 0))).toEqual([
      ...new Array<boolean>(7).fill(false),
      true,
    ])
    expect(tally.counts(0)).toEqual({ calls: 4, successes: 0, failures: 4, slow: 0 })
  })

  it('opens at exactly the ratio, also if it has no exact binary representation', () => {
    const tally = countWindow({ size: 100, failureRatio: 0.07 }).start()
    for (let call = 0; call < 93; call++) tally.record(false, 0, 0)
    for (let call = 0; call < 6; call++) expect(tally.record(true, 0, 0)).toBe(false)
    expect(tally.record(true, 0, 0)).toBe(true)
  })

  it('continues from saved counts, also with another size', () => {
    const saved = countWindow({ size: 4, failureRatio: 1 }).start()
    for (const failed of [true, false, true, true, false, true]) saved.record(failed, 0, 0)
    expect(saved.save()).toBe('1101')
    const smaller = countWindow({ size: 3, failureRatio: 1 }).start(saved.save())
    expect(smaller.save()).toBe('101')
    const larger = countWindow({ size: 6, failureRatio: 1 }).start(saved.save())
    larger.record(true, 0, 0)
    expect(larger.save()).toBe('11011')
    expect(countWindow({ size: 6, failureRatio: 1 }).start({ calls: 3 }).save()).toBe('')
  })

  // Two million calls would take minutes if the cost of a call grew with the size of the window.
  it('records an outcome in constant time with 100,000 calls in the window', () => {
    const tally = countWindow({ size: 100_000, failureRatio: 1 }).start()
    for (let call = 0; call < 2_000_000; call++) tally.record(call % 2 === 0, 0, 0)
    expect(tally.counts(0)).toEqual({ calls: 100_000, successes: 50_000, failures: 50_000, slow: 0 })
  })
})
