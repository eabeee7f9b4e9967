import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { hanging, watch, withFakeTime } from '../../test/harness.ts'
import { createRetry, type Attempt } from '../index.ts'

withFakeTime()

const LIMIT_MS = 1_000
const policyOf = (attemptTimeoutMs = LIMIT_MS): ReturnType<typeof createRetry> =>
  createRetry({ attemptTimeoutMs, maxAttempts: 1 })
const sleepMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('the timer that all attempts of a policy share', () => {
  it('is a single one for any number of attempts', async () => {
    const policy = policyOf()
    const runs = Array.from({ length: 100 }, () => watch(policy.run(hanging())))
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(LIMIT_MS)
    for (const { error } of runs) expect(error).toMatchObject({ code: 'retry_timeout', limitMs: LIMIT_MS })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends each attempt exactly when its own time is up, and none that has already ended', async () => {
    const attempt = fc.record({
      afterMs: fc.integer({ min: 0, max: 700 }),
      takesMs: fc.oneof(fc.integer({ min: 0, max: LIMIT_MS - 1 }), fc.constant(Infinity)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 40 }), async (attempts) => {
        const policy = policyOf()
        const ends = attempts.map(async ({ takesMs }, index) => {
          await sleepMs(attempts.slice(0, index + 1).reduce((sum, { afterMs }) => sum + afterMs, 0))
          const startedAt = performance.now()
          const run = policy.run(() =>
            takesMs === Infinity ? new Promise<void>(() => undefined) : sleepMs(takesMs),
          )
          const timedOut = await run.then(
            () => false,
            () => true,
          )
          return { timedOut, afterMs: performance.now() - startedAt }
        })
        await vi.runAllTimersAsync()
        expect(await Promise.all(ends)).toEqual(
          attempts.map(({ takesMs }) =>
            takesMs === Infinity
              ? { timedOut: true, afterMs: LIMIT_MS }
              : { timedOut: false, afterMs: takesMs },
          ),
        )
      }),
      { numRuns: 50, seed: 7 },
    )
  })

  it('is cleared when no attempt needs it, and after ten uses left to fire instead', async () => {
    const policy = policyOf()
    for (let call = 0; call < 10; call++) {
      await policy.run(async () => undefined)
      expect(vi.getTimerCount()).toBe(0)
    }
    for (let call = 0; call < 100; call++) {
      await policy.run(async () => undefined)
      expect(vi.getTimerCount()).toBe(1)
    }
    await vi.advanceTimersByTimeAsync(LIMIT_MS)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps the process alive while attempts run, and only then', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const policy = policyOf()
    for (let call = 0; call < 20; call++) await policy.run(async () => undefined)
    const timer = set.mock.results.at(-1)?.value as NodeJS.Timeout
    expect(timer.hasRef()).toBe(false)
    void policy.run(hanging()).catch(() => undefined)
    expect(timer.hasRef()).toBe(true)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(LIMIT_MS)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('measures the time of an attempt from its own start, even if it was set for an earlier attempt', async () => {
    const policy = policyOf()
    for (let call = 0; call < 20; call++) await policy.run(async () => undefined)
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 1)
    const run = watch(policy.run(hanging()))
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 1)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(run.error).toMatchObject({ code: 'retry_timeout' })
  })

  it('ends all attempts whose time is up, and no other, when it fires late after a blocked event loop', async () => {
    const policy = policyOf()
    const runs = [watch(policy.run(hanging()))]
    await vi.advanceTimersByTimeAsync(400)
    runs.push(watch(policy.run(hanging())))
    await vi.advanceTimersByTimeAsync(500)
    runs.push(watch(policy.run(hanging())))
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 600)
    await vi.advanceTimersByTimeAsync(100)
    expect(runs.map(({ settled }) => settled)).toEqual([true, true, false])
  })

  it('serves an attempt that starts while another one is timing out', async () => {
    const policy = policyOf()
    const second = Promise.withResolvers<unknown>()
    const first = policy.run(({ signal }: Attempt) => {
      signal.addEventListener('abort', () => void policy.run(hanging()).catch(second.resolve))
      return new Promise(() => undefined)
    })
    const failed = watch(first)
    await vi.advanceTimersByTimeAsync(LIMIT_MS)
    expect(failed.settled).toBe(true)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(LIMIT_MS)
    expect(await second.promise).toMatchObject({ code: 'retry_timeout' })
  })

  it('is set again when a test switches fake timers on or off under a policy in use', async () => {
    const policy = policyOf(20)
    const use = async (): Promise<void> => {
      for (let call = 0; call < 20; call++) await policy.run(async () => undefined)
    }
    await use()
    vi.useRealTimers()
    await expect(policy.run(hanging())).rejects.toMatchObject({ code: 'retry_timeout' })
    await use()
    vi.useFakeTimers()
    const run = watch(policy.run(hanging()))
    await vi.advanceTimersByTimeAsync(20)
    expect(run.error).toMatchObject({ code: 'retry_timeout' })
  })

  it('is never set to a longer delay than setTimeout accepts', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const longMs = 2 ** 31 + 1_000
    const run = watch(policyOf(longMs).run(hanging()))
    await vi.advanceTimersByTimeAsync(longMs - 1)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(run.error).toMatchObject({ code: 'retry_timeout', limitMs: longMs })
    for (const [, ms] of set.mock.calls) expect(ms).toBeLessThan(2 ** 31)
  })

  it('does not exist without a timeout', async () => {
    const { signal } = new AbortController()
    void policyOf(Infinity).run(hanging(), { signal })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not used by a run whose deadline comes first', async () => {
    const policy = policyOf()
    const run = watch(policy.run(hanging(), { deadlineMs: 300 }))
    const other = watch(policy.run(hanging()))
    await vi.advanceTimersByTimeAsync(300)
    expect(run.error).toMatchObject({ code: 'retry_timeout', scope: 'deadline' })
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 300)
    expect(other.error).toMatchObject({ scope: 'attempt' })
    expect(vi.getTimerCount()).toBe(0)
  })
})
