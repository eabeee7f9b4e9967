import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { compare, DAY, replay, type Outcome } from '../helpers/tiers/replayed-day.ts'

// The whole day is `pnpm bench tiers`.
const PART = { ...DAY, calls: 250, durationMs: DAY.durationMs / 20 }

const advance = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms)
}

async function inFakeTime(uses: Parameters<typeof replay>[1]): Promise<Outcome> {
  vi.useFakeTimers()
  // The backoff of a retry is random; at its middle, equal calls take equal times.
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
  try {
    return await replay(PART, uses, { advance })
  } finally {
    random.mockRestore()
    vi.useRealTimers()
  }
}

describe('a part of a day with deadlines from a minute to an hour, in which flex refuses 30 % of the time', () => {
  it('costs at most 60 % of the standard tier, misses no more deadlines, and leaves interactive calls alone', async () => {
    onTestFinished(() => void vi.useRealTimers())
    const tiers = await inFakeTime('tiers')
    const { billShare, atFlex, missedWithTiers, missedStandard, interactiveCalls, interactiveChanged } =
      compare(tiers, await inFakeTime('standard'), await inFakeTime('interactive'))
    expect(tiers.refused).toBeGreaterThan(0.05)
    expect(billShare).toBeLessThanOrEqual(0.6)
    expect(atFlex).toBeGreaterThan(0.8)
    expect(missedWithTiers).toBeLessThanOrEqual(missedStandard)
    expect(tiers.interactiveTiers).toEqual(['default'])
    expect(interactiveCalls).toBeGreaterThan(30)
    expect(interactiveChanged).toBe(0)
  })
})
