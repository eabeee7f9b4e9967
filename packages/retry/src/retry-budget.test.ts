import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRetryBudget } from './retry-budget.ts'
import { createRetry } from './retry.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const always = { maxAttempts: 10, baseDelayMs: 1, jitter: false } as const
const failing = () => vi.fn(async (): Promise<never> => Promise.reject(new Error('down')))

describe('a retry budget', () => {
  it('allows at most 20 retries for 100 failing calls within the window, at ratio 0.2 and minPerSecond 0', async () => {
    const operation = failing()
    const policy = createRetry({ ...always, budget: createRetryBudget({ ratio: 0.2, minPerSecond: 0 }) })
    for (let call = 0; call < 100; call++) {
      const run = policy.run(operation).catch(() => undefined)
      await vi.advanceTimersByTimeAsync(20)
      await run
    }
    expect(operation.mock.calls.length).toBeGreaterThanOrEqual(115)
    expect(operation.mock.calls.length).toBeLessThanOrEqual(120)
  })

  it('lets the first attempt run when it is empty, and makes the run reject at once with the original error', async () => {
    const error = new Error('original')
    const operation = vi.fn(async (): Promise<never> => Promise.reject(error))
    const onGiveUp = vi.fn()
    const policy = createRetry({
      ...always,
      onGiveUp,
      budget: createRetryBudget({ ratio: 0, minPerSecond: 0 }),
    })
    await expect(policy.run(operation)).rejects.toBe(error)
    expect(operation).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
    expect(onGiveUp).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ attempts: 1, reason: 'budget', error }),
    )
  })

  it('limits the retries of all policies that share it together', async () => {
    const budget = createRetryBudget({ ratio: 0.2, minPerSecond: 1, windowMs: 10_000 })
    const operation = failing()
    const policies = [1, 2, 3].map((baseDelayMs) => createRetry({ ...always, baseDelayMs, budget }))
    const runs = policies.flatMap((policy) => Array.from({ length: 50 }, () => policy.run(operation)))
    const settled = Promise.allSettled(runs)
    await vi.advanceTimersByTimeAsync(5_000)
    await settled
    // 150 calls earn 30 retries, 10 seconds at 1 per second are 10 more.
    expect(operation).toHaveBeenCalledTimes(150 + 40)
  })

  it('ignores deposits older than the window', async () => {
    const budget = createRetryBudget({ ratio: 1, minPerSecond: 0, windowMs: 1_000 })
    for (let call = 0; call < 5; call++) budget.deposit()
    await vi.advanceTimersByTimeAsync(800)
    expect(budget.withdraw()).toBeTypeOf('function')
    await vi.advanceTimersByTimeAsync(200)
    expect(budget.withdraw()).toBe(undefined)
    budget.deposit()
    budget.deposit()
    // The retry taken 200 ms ago still counts.
    expect(budget.withdraw()).toBeTypeOf('function')
    expect(budget.withdraw()).toBe(undefined)
  })

  it('is not used up by an aborted run', async () => {
    const budget = createRetryBudget({ ratio: 1, minPerSecond: 0 })
    const controller = new AbortController()
    const policy = createRetry({ baseDelayMs: 5_000, jitter: false, budget })
    const run = policy.run(failing(), { signal: controller.signal }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(budget.withdraw()).toBe(undefined)
    controller.abort('the user left')
    await expect(run).resolves.toBe('the user left')
    expect(budget.withdraw()).toBeTypeOf('function')
  })

  it('takes back no retry that is older than the window', async () => {
    const budget = createRetryBudget({ ratio: 0, minPerSecond: 1, windowMs: 1_000 })
    const giveBack = budget.withdraw()
    await vi.advanceTimersByTimeAsync(5_000)
    giveBack?.()
    expect(budget.withdraw()).toBeTypeOf('function')
    expect(budget.withdraw()).toBe(undefined)
  })

  it('never allows more than ratio and minPerSecond, for any sequence of calls', () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 400 }), calls: fc.nat(5), retries: fc.nat(5) })
    const options = fc.record({ ratio: fc.double({ min: 0, max: 2, noNaN: true }), minPerSecond: fc.nat(3) })
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 60 }), ({ ratio, minPerSecond }, history) => {
        let now = 1e12
        const windowMs = 1_000
        const budget = createRetryBudget({ ratio, minPerSecond, windowMs, clock: { now: () => now } })
        const calls: number[] = []
        const retries: number[] = []
        // A deposit certainly counts for nine tenths of the window, and may count for all of it.
        const within = (times: number[], ms: number) => times.filter((time) => time > now - ms).length
        for (const { waitMs, calls: made, retries: wanted } of history) {
          now += waitMs
          for (let call = 0; call < made; call++) {
            budget.deposit()
            calls.push(now)
          }
          for (let retry = 0; retry < wanted; retry++) {
            if (!budget.withdraw()) continue
            retries.push(now)
            expect(within(retries, 0.9 * windowMs)).toBeLessThanOrEqual(
              ratio * within(calls, windowMs) + minPerSecond + 1e-6,
            )
          }
        }
      }),
    )
  })

  it('rejects wrong options by name', () => {
    expect(() => createRetryBudget({ ratio: -1 })).toThrow('ratio must be a number of at least 0, got -1')
    expect(() => createRetryBudget({ windowMs: 0 })).toThrow(
      'windowMs must be a number of milliseconds of at least 1, got 0',
    )
    expect(() => createRetryBudget({ minPerSeconds: 1 } as never)).toThrow('did you mean minPerSecond?')
  })
})
