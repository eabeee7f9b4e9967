import { describe, expect, it, vi } from 'vitest'
import { broken, busy, exact, failing, hanging, tick, watch, withFakeTime } from '../test/harness.ts'
import { createRetry, retry, TimeoutError } from './index.ts'
import type { Attempt, GiveUpEvent, Operation, RetryEvent, RetryOptions } from './index.ts'

withFakeTime()

describe('shouldRetry', () => {
  it('stops with the original error when it says no, is awaited when asynchronous, and ends the run when it throws', async () => {
    const error = new Error('original')
    await expect(retry(failing(error), { shouldRetry: () => false })).rejects.toBe(error)

    const operation = failing(error)
    const slowYes = watch(
      retry(operation, {
        ...exact,
        shouldRetry: () => new Promise((resolve) => setTimeout(() => resolve(true), 1_000)),
      }),
    )
    await vi.advanceTimersByTimeAsync(1_099)
    expect(operation).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(slowYes.value).toBe('fine')

    const own = new Error('from shouldRetry')
    const onGiveUp = vi.fn<(event: GiveUpEvent) => void>()
    const throwing = retry(broken(), {
      onGiveUp,
      shouldRetry: () => {
        throw own
      },
    })
    await expect(throwing).rejects.toBe(own)
    expect(onGiveUp).toHaveBeenCalledExactlyOnceWith({ attempts: 1, reason: 'broken', error: own })
  })

  it('overrules the failure either way, and chooses the delay if it likes', async () => {
    const onRetry = vi.fn<(event: RetryEvent) => void>()
    const operation = failing(new TypeError('not retryable'), busy({ 'retry-after': '30' }))
    const run = watch(
      retry(operation, { ...exact, onRetry, shouldRetry: () => ({ retry: true, delayMs: 7 }) }),
    )
    await vi.advanceTimersByTimeAsync(14)
    expect(run.value).toBe('fine')
    expect(onRetry.mock.calls.map(([{ delayMs, reason }]) => [delayMs, reason])).toEqual([
      [7, 'decision'],
      [7, 'decision'],
    ])
  })

  it('is not asked when no attempt is left', async () => {
    const shouldRetry = vi.fn(() => true)
    const run = watch(retry(broken(), { ...exact, maxAttempts: 2, shouldRetry }))
    await vi.runAllTimersAsync()
    expect(run.settled).toBe(true)
    expect(shouldRetry).toHaveBeenCalledTimes(1)
  })

  it('is given what a classifier of your own makes of the error', async () => {
    const failure = { kind: 'overloaded', retryable: true, ambiguous: true, retryAfterMs: 5 } as const
    const shouldRetry = vi.fn(() => true)
    const run = retry(failing('busy'), { ...exact, classify: () => failure, shouldRetry })
    await vi.advanceTimersByTimeAsync(5)
    await run
    expect(shouldRetry).toHaveBeenCalledExactlyOnceWith(failure, expect.objectContaining({ number: 1 }))
  })

  it.each([NaN, -1, '5' as unknown as number])(
    'refuses a delay of %o instead of waiting for nothing',
    async (delayMs) => {
      const message = /a delay must be a number of milliseconds of at least 0, got/
      await expect(retry(broken(), { shouldRetry: () => ({ retry: true, delayMs }) })).rejects.toThrow(
        message,
      )
      await expect(retry(broken(), { backoff: () => delayMs })).rejects.toThrow(message)
    },
  )
})

describe('waits', () => {
  const delaysOf = async (operation: Operation<unknown>, options: RetryOptions): Promise<number[]> => {
    const delays: number[] = []
    const run = watch(retry(operation, { ...options, onRetry: ({ delayMs }) => delays.push(delayMs) }))
    await vi.runAllTimersAsync()
    expect(run.settled).toBe(true)
    return delays
  }

  it('waits the maximum after attempt 2,000, and no timer is ever longer than 2^31 - 1 ms', async () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout')
    const noWait = { now: () => 0, sleep: () => Promise.resolve() }
    const delays = await delaysOf(broken(), { maxAttempts: 2_001, jitter: false, clock: noWait })
    expect(delays).toHaveLength(2_000)
    expect(delays.at(-1)).toBe(60_000)
    expect(delays.every((delayMs) => delayMs >= 1_000 && delayMs <= 60_000)).toBe(true)

    await delaysOf(broken(), { jitter: false, baseDelayMs: 1e300, maxDelayMs: Infinity, factor: 1e300 })
    await delaysOf(broken(), { backoff: () => 1e12, maxAttempts: 2 })
    await delaysOf(failing(), { attemptTimeoutMs: 1e15, deadlineMs: 1e15 })
    const timers = setTimer.mock.calls.map(([, ms]) => ms ?? NaN)
    expect(timers.length).toBeGreaterThan(4)
    expect(Math.max(...timers)).toBe(2 ** 31 - 1)
  })

  it('waits for longer than a timer can, in one go', async () => {
    const run = watch(retry(failing('once'), { backoff: () => 2 ** 31 + 1_000 }))
    await vi.advanceTimersByTimeAsync(2 ** 31 + 999)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(run.value).toBe('fine')
  })

  it('waits 20 ms for retry-after-ms: 20, 2 s for retry-after: 2, until an HTTP date, not at all for a past one, and by itself for rubbish', async () => {
    vi.setSystemTime('2026-11-22T12:00:00Z')
    const delayFor = (headers: Record<string, string>) => delaysOf(failing(busy(headers)), exact)
    expect(await delayFor({ 'retry-after-ms': '20' })).toEqual([20])
    expect(await delayFor({ 'retry-after': '2' })).toEqual([2_000])
    vi.setSystemTime('2026-11-22T12:00:00Z')
    expect(await delayFor({ 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' })).toEqual([30_000])
    expect(await delayFor({ 'retry-after': 'Sun, 22 Nov 2020 12:00:00 GMT' })).toEqual([0])
    expect(await delayFor({ 'retry-after': 'soon' })).toEqual([100])
  })

  it('rejects now, with the error of the answer, when Retry-After is beyond maxRetryAfterMs or the deadline', async () => {
    const error = busy({ 'retry-after': '61' })
    const onGiveUp = vi.fn<(event: GiveUpEvent) => void>()
    for (const options of [{}, { maxRetryAfterMs: 120_000, deadlineMs: 60_000 }]) {
      const run = watch(retry(failing(error), { ...options, onGiveUp }))
      await tick()
      expect(run.error).toBe(error)
    }
    expect(onGiveUp.mock.calls.map(([{ reason }]) => reason)).toEqual(['retry-after', 'deadline'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('never waits shorter than asked, adds a little positive jitter, and reads Retry-After anew on every failure', async () => {
    for (const random of [0, 0.5, 0.999]) {
      const errors = [busy({ 'retry-after': '2' }), busy({ 'retry-after': '30' }), new Error('no header')]
      const delays = await delaysOf(failing(...errors), {
        maxAttempts: 4,
        baseDelayMs: 100,
        random: () => random,
      })
      expect(delays[0]).toBeCloseTo(2_000 + 200 * random)
      expect(delays[1]).toBeCloseTo(30_000 + 1_000 * random)
      expect(delays[2]).toBeCloseTo(400 * random)
    }
  })

  it('starts no attempt after the deadline, and squeezes none in early', async () => {
    const starts: number[] = []
    const operation = vi.fn(async (attempt: Attempt): Promise<never> => {
      starts.push(attempt.elapsedMs)
      throw new Error(`failure ${attempt.number}`)
    })
    const run = watch(
      retry(operation, { jitter: false, baseDelayMs: 80, factor: 1, deadlineMs: 100, maxAttempts: 9 }),
    )
    await vi.advanceTimersByTimeAsync(80)
    // The second wait would end at 160 ms: the run is over as soon as that is known.
    expect(run.error).toMatchObject({ message: 'failure 2' })
    await vi.runAllTimersAsync()
    expect(starts).toEqual([0, 80])
  })

  it('starts no attempt after the deadline either when it wakes up late from a wait', async () => {
    let now = 1e12
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms + 500
      },
    }
    const first = new Error('first')
    const operation = failing(first)
    await expect(retry(operation, { ...exact, clock, deadlineMs: 300 })).rejects.toMatchObject({
      code: 'retry_timeout',
      scope: 'deadline',
      cause: first,
    })
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it('cuts off an attempt that is still running at the deadline', async () => {
    const first = new Error('first')
    const policy = createRetry({ ...exact, deadlineMs: 60_000 })
    const operation = vi.fn((attempt: Attempt) =>
      attempt.number === 1 ? Promise.reject(first) : new Promise<never>(() => undefined),
    )
    const run = watch(policy.run(operation, { deadlineMs: 150 }))
    await vi.advanceTimersByTimeAsync(149)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(run.error).toMatchObject({
      code: 'retry_timeout',
      scope: 'deadline',
      limitMs: 150,
      attempt: 2,
      cause: first,
    })
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([0, -5])('makes no attempt at all when %d ms are left', async (deadlineMs) => {
    const operation = failing()
    await expect(createRetry().run(operation, { deadlineMs })).rejects.toSatisfy((error) =>
      TimeoutError.is(error),
    )
    expect(operation).not.toHaveBeenCalled()
  })

  it('is unmoved by a wall clock that jumps an hour either way while it waits', async () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const operation = failing(busy({ 'retry-after': '10' }))
      const run = watch(retry(operation, { ...exact, deadlineMs: 20_000 }))
      await vi.advanceTimersByTimeAsync(5_000)
      vi.setSystemTime(Date.now() + jumpMs)
      await vi.advanceTimersByTimeAsync(4_999)
      expect(operation).toHaveBeenCalledTimes(1)
      await vi.advanceTimersByTimeAsync(1)
      expect(run.value).toBe('fine')
    }
  })
})

describe('a run whose first attempt began earlier', () => {
  it('counts elapsedMs and its deadline from then', async () => {
    const clock = { now: () => performance.now() }
    const startedAt = clock.now()
    await vi.advanceTimersByTimeAsync(500)
    const elapsed: number[] = []
    const policy = createRetry({
      ...exact,
      clock,
      shouldRetry: (_, { elapsedMs }) => elapsed.push(elapsedMs) > 0,
    })
    const operation = failing('one', 'two', 'three')
    const run = watch(policy.run(operation, { startedAt, deadlineMs: 650 }))
    await vi.runAllTimersAsync()
    expect([elapsed, run.error]).toEqual([[500, 600], 'two'])
  })

  it('cuts an attempt off when what is left of the deadline is over', async () => {
    const clock = { now: () => performance.now() }
    const startedAt = clock.now()
    await vi.advanceTimersByTimeAsync(500)
    const run = watch(createRetry({ clock }).run(hanging(), { startedAt, deadlineMs: 600 }))
    await vi.advanceTimersByTimeAsync(99)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(TimeoutError.is(run.error)).toBe(true)
  })

  it('is refused a beginning that is no time', async () => {
    await expect(createRetry().run(failing(), { startedAt: NaN })).rejects.toThrow('startedAt must be a time')
  })
})
