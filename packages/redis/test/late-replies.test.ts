import { createSharedRateLimiter } from '@harbor/batch/shared-limits'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TimedScript } from '../src/client/timed-script.ts'
import { SharedLimits } from '../src/limits/shared-limits.ts'
import { SharedMoney } from '../src/spend/shared-money.ts'
import type { FleetOutcome, FleetPot } from '../src/index.ts'

const POT: FleetPot = { kind: 'all', value: '', per: 'total', usd: 1_000, isByLabel: false }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Shared money over a Redis that has plenty left and grants what is needed, with replies that this process handles late. */
function moneyWith(lateMs: () => number, granted: (need: number) => number = (need) => need) {
  const script = {
    isBusy: false,
    isDown: false,
    run: async (_: unknown, args: readonly string[]): Promise<string[]> => {
      const need = Number(args[11])
      await new Promise((resolve) => setTimeout(resolve, lateMs()))
      return [String(Date.now()), '2', 'epoch', '0', '0', String(granted(need)), '0', '0', '0', '0', '0']
    },
  } as unknown as TimedScript
  return { money: new SharedMoney(script, '{p}') }
}

/** Reserves an amount, and returns what was decided as soon as it was. */
function reserved(money: SharedMoney, usd: number): { outcome?: FleetOutcome } {
  const seen: { outcome?: FleetOutcome } = {}
  const answer = money.reserve(usd, [POT])
  if ('outcome' in answer) void answer.outcome.then((outcome) => (seen.outcome = outcome))
  else seen.outcome = answer
  return seen
}

describe('the money of a process that handles replies late', () => {
  it.each([1_000, 1_600, 4_000, 60_000])(
    'is what was granted to waiting calls, also %i ms after the report',
    async (ms) => {
      const { money } = moneyWith(() => ms)
      const seen = reserved(money, 5)
      await vi.advanceTimersByTimeAsync(ms + 1)
      // Redis counts it as spent when the lease is over, because calls waited for it.
      expect(seen.outcome).toHaveProperty('settle')
    },
  )

  it('refuses no call for which money is left, however long it has waited', async () => {
    // Redis grants nothing at first, though it has plenty: the others may hold it, or reports may have crossed.
    let grants = false
    const { money } = moneyWith(
      () => 100,
      (need) => (grants ? need : 0),
    )
    const seen = reserved(money, 5)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(seen.outcome).toBeUndefined()
    grants = true
    await vi.advanceTimersByTimeAsync(1_000)
    expect(seen.outcome).toHaveProperty('settle')
  })

  it('is no lease of a report that no call waited for: what others have by then is theirs', async () => {
    let ms = 1
    const { money } = moneyWith(
      () => ms,
      (need) => need + 10,
    )
    const seen = reserved(money, 5)
    await vi.advanceTimersByTimeAsync(2)
    if (!seen.outcome || !('settle' in seen.outcome)) throw new Error('not paid')
    seen.outcome.settle(5)
    ms = 5_000
    // The report of what was spent, whose reply grants a lease ahead and is handled too late.
    await vi.advanceTimersByTimeAsync(600)
    ms = 1
    const next = reserved(money, 5)
    expect(next.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(4_890)
    expect(next.outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(200)
    expect(next.outcome).toHaveProperty('settle')
  })
})

describe('the limits of a process that handles replies late', () => {
  it('are its share of them when each lease is over before it is known, so that no request waits for ever', async () => {
    let reports = 0
    const script = {
      isBusy: false,
      isDown: false,
      run: async (_: unknown, args: readonly string[]): Promise<string[]> => {
        reports++
        const [total, need] = [Number(args[8]), Number(args[10])]
        await new Promise((resolve) => setTimeout(resolve, 2_000))
        return ['epoch', '4', '0', '0', String(need), String(total), String(total)]
      },
    } as unknown as TimedScript
    const limits = { requestsPerMinute: 600, safety: 1 }
    const limiter = createSharedRateLimiter(limits, new SharedLimits(script, ['a', 'b', 'c', 'd']))
    let started = 0
    for (let call = 0; call < 100; call++) void limiter.acquire({ input: 1, output: 0 }).then(() => started++)
    await vi.advanceTimersByTimeAsync(22_000)
    expect(reports).toBeGreaterThan(3)
    // 10 requests a second, of which a quarter is for each of four processes.
    expect(started).toBeGreaterThan(40)
    expect(started).toBeLessThanOrEqual(60)
  })
})
