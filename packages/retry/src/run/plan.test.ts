import { describe, expect, it, vi } from 'vitest'
import { broken, busy, exact, failing, hanging, tick, watch, withFakeTime } from '../../test/harness.ts'
import { createRetry, retry, TimeoutError } from '../index.ts'
import type { Attempt, GiveUpEvent, Operation, RetryEvent, RetryOptions } from '../index.ts'

withFakeTime()

describe('shouldRetry', () => {
  it('ends the run with the original error by returning false, is awaited, and ends the run by throwing', async () => {
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

  it('overrules failure.retryable, and may choose the delay', async () => {
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

  it('is not called when no attempt is left', async () => {
    const shouldRetry = vi.fn(() => true)
    const run = watch(retry(broken(), { ...exact, maxAttempts: 2, shouldRetry }))
    await vi.runAllTimersAsync()
    expect(run.settled).toBe(true)
    expect(shouldRetry).toHaveBeenCalledTimes(1)
  })

  it('receives the failure that a custom classifier returned', async () => {
    const failure = { kind: 'overloaded', retryable: true, ambiguous: true, retryAfterMs: 5 } as const
    const shouldRetry = vi.fn(() => true)
    const run = retry(failing('busy'), { ...exact, classify: () => failure, shouldRetry })
    await vi.advanceTimersByTimeAsync(5)
    await run
    expect(shouldRetry).toHaveBeenCalledExactlyOnceWith(failure, expect.objectContaining({ number: 1 }))
  })

  it.each([NaN, -1, '5' as unknown as number])(
    'may not choose a delay of %o, which would be no delay at all',
    async (delayMs) => {
      const message = /a delay must be a number of milliseconds of at least 0, got/
      await expect(retry(broken(), { shouldRetry: () => ({ retry: true, delayMs }) })).rejects.toThrow(
        message,
      )
      await expect(retry(broken(), { backoff: () => delayMs })).rejects.toThrow(message)
    },
  )
})

describe('a run', () => {
  const delaysOf = async (operation: Operation<unknown>, options: RetryOptions): Promise<number[]> => {
    const delays: number[] = []
    const run = watch(retry(operation, { ...options, onRetry: ({ delayMs }) => delays.push(delayMs) }))
    await vi.runAllTimersAsync()
    expect(run.settled).toBe(true)
    return delays
  }

  it('waits for maxDelayMs after attempt 2,000, and never sets a timer to more than 2^31 - 1 ms', async () => {
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

  it('can wait for longer than setTimeout allows', async () => {
    const run = watch(retry(failing('once'), { backoff: () => 2 ** 31 + 1_000 }))
    await vi.advanceTimersByTimeAsync(2 ** 31 + 999)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(run.value).toBe('fine')
  })

  it('waits as long as Retry-After says: milliseconds, seconds, an HTTP date, a past date; and uses its backoff if the value is invalid', async () => {
    vi.setSystemTime('2026-11-22T12:00:00Z')
    const delayFor = (headers: Record<string, string>) => delaysOf(failing(busy(headers)), exact)
    expect(await delayFor({ 'retry-after-ms': '20' })).toEqual([20])
    expect(await delayFor({ 'retry-after': '2' })).toEqual([2_000])
    vi.setSystemTime('2026-11-22T12:00:00Z')
    expect(await delayFor({ 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' })).toEqual([30_000])
    expect(await delayFor({ 'retry-after': 'Sun, 22 Nov 2020 12:00:00 GMT' })).toEqual([0])
    expect(await delayFor({ 'retry-after': 'soon' })).toEqual([100])
  })

  it('rejects at once with the error of the answer when Retry-After is longer than maxRetryAfterMs or the time left', async () => {
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

  it('never waits shorter than Retry-After says, adds a little jitter, and reads the header of every failure', async () => {
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

  it('starts no attempt after the deadline, and none earlier than planned because of it', async () => {
    const starts: number[] = []
    const operation = vi.fn(async (attempt: Attempt): Promise<never> => {
      starts.push(attempt.elapsedMs)
      throw new Error(`failure ${attempt.number}`)
    })
    const run = watch(
      retry(operation, { jitter: false, baseDelayMs: 80, factor: 1, deadlineMs: 100, maxAttempts: 9 }),
    )
    await vi.advanceTimersByTimeAsync(80)
    // The second delay would end at 160 ms, after the deadline, so the run ends at once.
    expect(run.error).toMatchObject({ message: 'failure 2' })
    await vi.runAllTimersAsync()
    expect(starts).toEqual([0, 80])
  })

  it('starts no attempt after the deadline when a delay takes longer than planned', async () => {
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

  it('aborts an attempt that is still running at the deadline', async () => {
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

  it('makes no attempt after the deadline that has aborted one, although timers count whole milliseconds', async () => {
    const start = Date.now()
    // The run starts at the end of a millisecond. A timer counts from the beginning of it.
    const clock = { now: () => Date.now() + (Date.now() === start ? 0.9 : 0) }
    const operation = hanging()
    const run = watch(retry(operation, { ...exact, baseDelayMs: 0, clock, deadlineMs: 10.9 }))
    await vi.advanceTimersByTimeAsync(30)
    expect(run.error).toMatchObject({ code: 'retry_timeout', scope: 'deadline' })
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it.each([0, -5])('makes no attempt at all with %d ms left', async (deadlineMs) => {
    const operation = failing()
    await expect(createRetry().run(operation, { deadlineMs })).rejects.toSatisfy((error) =>
      TimeoutError.is(error),
    )
    expect(operation).not.toHaveBeenCalled()
  })

  it('is not affected by a wall clock that jumps an hour forward or back during a delay', async () => {
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

describe('a deadline that moves', () => {
  it('ends no attempt that is under way', async () => {
    let deadlineMs = 100
    const policy = createRetry({ ...exact, attemptTimeoutMs: 250 })
    const run = watch(policy.run(hanging(), { deadlineMs: () => deadlineMs }))
    deadlineMs = 0
    await vi.advanceTimersByTimeAsync(249)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(run.error).toMatchObject({ scope: 'attempt', limitMs: 250 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is asked for before each attempt', async () => {
    const operation = failing(new Error('first'))
    let deadlineMs = 1_000
    const run = watch(createRetry(exact).run(operation, { deadlineMs: () => deadlineMs }))
    // It moves during the delay of 100 ms.
    await vi.advanceTimersByTimeAsync(60)
    deadlineMs = 50
    await vi.advanceTimersByTimeAsync(40)
    expect(run.error).toMatchObject({ code: 'retry_timeout', scope: 'deadline', limitMs: 50, attempt: 2 })
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['later', 50, 1_000, 'fine'],
    ['earlier', 1_000, 50, undefined],
  ])('is asked for before each delay: %s', async (_, firstMs, thenMs, value) => {
    let deadlineMs = firstMs
    const operation = vi.fn(async ({ number }: Attempt) => {
      deadlineMs = thenMs
      if (number === 1) throw new Error('first')
      return 'fine'
    })
    const run = watch(createRetry(exact).run(operation, { deadlineMs: () => deadlineMs }))
    await vi.runAllTimersAsync()
    expect([operation.mock.calls.length, run.value]).toEqual([value ? 2 : 1, value])
  })

  it('ends the run if it cannot be known', async () => {
    const operation = failing()
    const unknown = (): never => {
      throw new Error('no deadline')
    }
    await expect(createRetry().run(operation, { deadlineMs: unknown })).rejects.toThrow('no deadline')
    await expect(createRetry().run(operation, { deadlineMs: () => NaN })).rejects.toThrow('deadlineMs')
    expect(operation).not.toHaveBeenCalled()
  })
})

describe('a run whose first attempt started earlier', () => {
  it('counts elapsedMs and the deadline from that start', async () => {
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

  it('aborts an attempt when the rest of the deadline is used up', async () => {
    const clock = { now: () => performance.now() }
    const startedAt = clock.now()
    await vi.advanceTimersByTimeAsync(500)
    const run = watch(createRetry({ clock }).run(hanging(), { startedAt, deadlineMs: 600 }))
    await vi.advanceTimersByTimeAsync(99)
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(TimeoutError.is(run.error)).toBe(true)
  })

  it('rejects a start that is not a time', async () => {
    await expect(createRetry().run(failing(), { startedAt: NaN })).rejects.toThrow('startedAt must be a time')
  })
})
