import { describe, expect, it } from 'vitest'
import { UsageHistory } from './usage-history.ts'

describe('UsageHistory', () => {
  it('returns what was taken within the last window', () => {
    const history = new UsageHistory(0)
    expect(history.use('a', 10, 60_000, 0)).toBe(0)
    // One request a second, for five minutes.
    for (let second = 1; second <= 300; second++) {
      const used = history.use('a', 10 + second, 60_000, second * 1_000)
      expect(used).toBe(Math.min(second, 60))
    }
    expect(history.use('a', 310, 60_000, 500_000)).toBe(0)
  })

  it('counts all of a limit that is new', () => {
    const history = new UsageHistory(0)
    expect(history.use('a', 3, 60_000, 5_000)).toBe(3)
  })

  it('counts on when the limiter counts again from 0', () => {
    const history = new UsageHistory(0)
    history.use('a', 50, 60_000, 0)
    history.use('a', 55, 60_000, 2_000)
    expect(history.use('a', 2, 60_000, 4_000)).toBe(2)
    expect(history.use('a', 4, 60_000, 6_000)).toBe(4)
  })
})
