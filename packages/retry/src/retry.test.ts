import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRetry, createRetryBudget, retry, TimeoutError } from './index.ts'
import type { Attempt, GiveUpEvent, Operation, RetryEvent, RetryOptions } from './index.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Delays that can be told beforehand: 100, 200, 400 ms. */
const exact: RetryOptions = { jitter: false, baseDelayMs: 100 }

/** An operation that fails with these errors, one after the other, and then succeeds. */
function failing(...errors: unknown[]) {
  return vi.fn(async (_attempt: Attempt): Promise<string> => {
    if (errors.length) throw errors.shift()
    return 'fine'
  })
}

/** An operation that always fails, with a new error each time. */
function broken() {
  let calls = 0
  return vi.fn(async (_attempt: Attempt): Promise<never> => {
    throw new Error(`failure ${++calls}`)
  })
}

/** An operation that never ends and never listens. */
const hanging = () => vi.fn((_attempt: Attempt) => new Promise<never>(() => undefined))

/** What a promise settled to, to be asked at any moment. */
function watch<T>(promise: Promise<T>): { value?: T; error?: unknown; settled: boolean } {
  const seen: { value?: T; error?: unknown; settled: boolean } = { settled: false }
  promise.then(
    (value) => Object.assign(seen, { settled: true, value }),
    (error: unknown) => Object.assign(seen, { settled: true, error }),
  )
  return seen
}

/** Runs everything that waits for no time to pass. */
const tick = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

/** An answer that asks to be left alone. */
const busy = (headers: Record<string, string>): object => ({ status: 429, headers })

describe('attempts', () => {
  it('makes one call, no timer and no listener when the operation succeeds at once', async () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout')
    const { signal } = new AbortController()
    const operation = failing()

    await expect(retry(operation)).resolves.toBe('fine')
    expect(operation).toHaveBeenCalledTimes(1)

    await expect(retry(operation, { signal })).resolves.toBe('fine')
    expect(operation).toHaveBeenCalledTimes(2)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(setTimer).not.toHaveBeenCalled()
  })

  it('makes exactly maxAttempts calls and rejects with the last error itself; with 1 the hooks still fire', async () => {
    const errors = [new Error('first'), new Error('second'), new Error('third'), new Error('never')]
    const [, , third] = errors
    const operation = failing(...errors)
    const run = watch(retry(operation, { ...exact, maxAttempts: 3 }))
    await vi.runAllTimersAsync()
    expect(operation).toHaveBeenCalledTimes(3)
    expect(run.error).toBe(third)

    const only = new Error('only')
    const onGiveUp = vi.fn<(event: GiveUpEvent) => void>()
    const once = failing(only)
    await expect(retry(once, { maxAttempts: 1, onGiveUp })).rejects.toBe(only)
    expect(once).toHaveBeenCalledTimes(1)
    expect(onGiveUp).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ attempts: 1, reason: 'attempts', error: only }),
    )
  })

  it.each([['a string'], [null], [undefined], [{ reason: 'a plain object' }]])(
    'retries what is thrown at once, or is no Error, like a rejection, and rethrows it unchanged: %o',
    async (thrown) => {
      const operation = vi.fn((): Promise<string> => {
        throw thrown
      })
      const run = watch(retry(operation, exact))
      await vi.runAllTimersAsync()
      expect(operation).toHaveBeenCalledTimes(3)
      expect(run.settled).toBe(true)
      expect(run.error).toBe(thrown)
    },
  )

  it('tells each attempt its number, the time since the start, and the error before', async () => {
    const errors = [new Error('first'), new Error('second')]
    const seen: unknown[] = []
    const operation = failing(...errors)
    const run = retry((attempt) => {
      seen.push([attempt.number, attempt.elapsedMs, attempt.previousError])
      return operation(attempt)
    }, exact)
    await vi.runAllTimersAsync()
    await run
    expect(seen).toEqual([
      [1, 0, undefined],
      [2, 100, errors[0]],
      [3, 300, errors[1]],
    ])
  })

  it('gives an attempt without limits a signal that never aborts, and always the same one', async () => {
    const signals = await retry((attempt) => [attempt.signal, attempt.signal] as const)
    expect(signals[0]).toBe(signals[1])
    expect(signals[0].aborted).toBe(false)
  })

  it('does not retry a programming error', async () => {
    const operation = failing(new TypeError('x is not a function'))
    await expect(retry(operation, exact)).rejects.toThrow(TypeError)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it('tells onRetry which attempt failed with what, how long it waits, and why', async () => {
    const error = new Error('first')
    const onRetry = vi.fn<(event: RetryEvent) => void>()
    const run = retry(failing(error), { ...exact, onRetry })
    await vi.runAllTimersAsync()
    await run
    expect(onRetry).toHaveBeenCalledExactlyOnceWith({
      attempt: 1,
      delayMs: 100,
      reason: 'backoff',
      error,
      failure: { kind: 'unknown', retryable: true, ambiguous: false },
    })
  })
})

describe('abort', () => {
  const reason = new Error('the user left')

  it('never calls the operation and rejects with signal.reason when the signal is already aborted', async () => {
    const operation = failing()
    const onGiveUp = vi.fn<(event: GiveUpEvent) => void>()
    const budget = createRetryBudget()
    const deposit = vi.spyOn(budget, 'deposit')
    await expect(retry(operation, { signal: AbortSignal.abort(reason), onGiveUp, budget })).rejects.toBe(
      reason,
    )
    expect(operation).not.toHaveBeenCalled()
    expect(deposit).not.toHaveBeenCalled()
    expect(onGiveUp).toHaveBeenCalledExactlyOnceWith({ attempts: 0, reason: 'aborted', error: reason })
  })

  it('rejects within one tick of an abort during the wait, the timer gone, and calls nothing any more', async () => {
    const controller = new AbortController()
    const operation = broken()
    const run = watch(retry(operation, { jitter: false, baseDelayMs: 60_000, signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(30_000)
    expect(run.settled).toBe(false)
    expect(vi.getTimerCount()).toBe(1)

    controller.abort(reason)
    await tick()
    expect(run.error).toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it('rejects at once when aborted in flight, though the operation ignores its signal, and no late rejection is unhandled', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const controller = new AbortController()
    let failLate: (error: Error) => void = () => undefined
    const run = watch(
      retry(() => new Promise<never>((_resolve, reject) => (failLate = reject)), {
        signal: controller.signal,
      }),
    )
    await tick()
    controller.abort(reason)
    await tick()
    expect(run.error).toBe(reason)

    failLate(new Error('too late'))
    vi.useRealTimers()
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('leaves no listener after 10,000 runs on one long-lived signal, and the heap flat', async () => {
    vi.useRealTimers()
    const { signal } = new AbortController()
    const policy = createRetry({ signal, attemptTimeoutMs: 60_000, baseDelayMs: 0 })
    const { signal: ofTheRun } = new AbortController()
    // No mocks in here: vitest remembers each of them.
    const failingOnce = ({ number, signal: own }: Attempt): Promise<AbortSignal> =>
      number === 1 ? Promise.reject(new Error('first')) : Promise.resolve(own)
    const runOnce = (): Promise<AbortSignal> => policy.run(failingOnce, { signal: ofTheRun })
    const thousandRuns = async (): Promise<void> => {
      for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 100 }, runOnce))
    }
    const heap = (): number => {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed
    }
    await thousandRuns()
    const before = heap()
    for (let thousand = 0; thousand < 10; thousand++) await thousandRuns()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(getEventListeners(ofTheRun, 'abort')).toHaveLength(0)
    // 10,000 leaked closures would be more than a megabyte.
    expect(heap() - before).toBeLessThan(500_000)
  })

  it('does not begin to wait when a hook aborts the signal just before', async () => {
    const controller = new AbortController()
    const operation = broken()
    const run = watch(
      retry(operation, { ...exact, signal: controller.signal, onRetry: () => controller.abort(reason) }),
    )
    await tick()
    expect(run.error).toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it('rejects with the reason of whichever aborts, the signal of the policy or the one of the run, and leaves both clean', async () => {
    for (const which of [0, 1] as const) {
      const controllers = [new AbortController(), new AbortController()] as const
      const policy = createRetry({ ...exact, signal: controllers[0].signal })
      const run = watch(policy.run(hanging(), { signal: controllers[1].signal }))
      await tick()
      controllers[which].abort(reason)
      await tick()
      expect(run.error).toBe(reason)
      for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    }
  })

  it('ends an asynchronous shouldRetry that hangs, too', async () => {
    const controller = new AbortController()
    const shouldRetry = () => new Promise<boolean>(() => undefined)
    const run = watch(retry(broken(), { shouldRetry, signal: controller.signal }))
    await tick()
    controller.abort(reason)
    await tick()
    expect(run.error).toBe(reason)
  })

  it('ends the wait of a clock whose sleep does not listen, too', async () => {
    const controller = new AbortController()
    const clock = { now: () => 0, sleep: vi.fn(() => new Promise<void>(() => undefined)) }
    const run = watch(retry(broken(), { ...exact, clock, signal: controller.signal }))
    await tick()
    expect(clock.sleep).toHaveBeenCalledExactlyOnceWith(100, controller.signal)
    controller.abort(reason)
    await tick()
    expect(run.error).toBe(reason)
  })

  it('tells the operation of the abort, and keeps a result that was there before it', async () => {
    const controller = new AbortController()
    const operation = hanging()
    const run = watch(retry(operation, { signal: controller.signal, attemptTimeoutMs: 60_000 }))
    await tick()
    const attempt = operation.mock.calls[0]?.[0]
    const { signal } = attempt ?? {}
    controller.abort(reason)
    await tick()
    expect(signal?.aborted).toBe(true)
    expect(signal?.reason).toBe(reason)
    expect(run.error).toBe(reason)

    const late = new AbortController()
    const value = retry(failing(), { signal: late.signal })
    await tick()
    late.abort(reason)
    await expect(value).resolves.toBe('fine')
  })

  it("hands on the caller's own signal when no limit needs another, so that it still reaches the body of an answer", async () => {
    const { signal } = new AbortController()
    await retry((attempt) => expect(attempt.signal).toBe(signal), { signal })
  })
})

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

describe('shouldRetryResult', () => {
  const answer = (status: number) => new Response(`status ${status}`, { status })

  it('returns the last refused result when attempts run out, and has cancelled the bodies of those it discarded', async () => {
    const answers = [answer(500), answer(502), answer(503)]
    const operation = vi.fn(async () => answers[operation.mock.calls.length - 1])
    const cancels = answers.map((one) => vi.spyOn(one.body as ReadableStream, 'cancel'))
    const onGiveUp = vi.fn<(event: GiveUpEvent) => void>()
    const run = watch(
      retry(operation, { ...exact, onGiveUp, shouldRetryResult: (one) => !(one as Response).ok }),
    )
    await vi.runAllTimersAsync()
    expect(run.value).toBe(answers[2])
    expect(cancels.map((cancel) => cancel.mock.calls.length)).toEqual([1, 1, 0])
    await expect(run.value?.text()).resolves.toBe('status 503')
    expect(onGiveUp).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ attempts: 3, reason: 'attempts', error: undefined }),
    )
  })

  it('waits as long as a refused Response asks', async () => {
    const answers = [new Response('', { status: 429, headers: { 'retry-after': '3' } }), answer(200)]
    const onRetry = vi.fn<(event: RetryEvent) => void>()
    const run = watch(
      retry(async () => answers.shift(), {
        ...exact,
        onRetry,
        shouldRetryResult: (one) => !(one as Response).ok,
      }),
    )
    await vi.advanceTimersByTimeAsync(3_000)
    expect(run.value?.status).toBe(200)
    expect(onRetry.mock.calls[0]?.[0]).toMatchObject({
      delayMs: 3_000,
      reason: 'retry-after',
      failure: { kind: 'rate-limit', status: 429 },
    })
  })

  it('ends the run with its own error when it throws, and does not take it for a failed attempt', async () => {
    const own = new Error('from shouldRetryResult')
    const operation = failing()
    const run = retry(operation, {
      shouldRetryResult: () => {
        throw own
      },
    })
    await expect(run).rejects.toBe(own)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it('lets go of a Response that comes after its attempt has timed out', async () => {
    const late = answer(200)
    const cancel = vi.spyOn(late.body as ReadableStream, 'cancel')
    const run = watch(
      retry(() => new Promise((resolve) => setTimeout(() => resolve(late), 500)), {
        attemptTimeoutMs: 100,
        maxAttempts: 1,
      }),
    )
    await vi.advanceTimersByTimeAsync(500)
    expect(TimeoutError.is(run.error)).toBe(true)
    expect(cancel).toHaveBeenCalledTimes(1)
  })
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
    await expect(createRetry().run(operation, { deadlineMs })).rejects.toSatisfy(TimeoutError.is)
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

describe('hooks', () => {
  it('returns the value, and runs nothing again, when hooks throw; each error becomes one warning', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const throwing = (): never => {
      throw new Error('from a hook')
    }
    const operation = failing(new Error('first'))
    const run = watch(retry(operation, { ...exact, onRetry: throwing, onGiveUp: throwing }))
    await vi.runAllTimersAsync()
    expect(run.value).toBe('fine')
    expect(operation).toHaveBeenCalledTimes(2)
    expect(emitWarning).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('from a hook'),
      'HarborWarning',
    )

    const last = new Error('last')
    const rejected = async (): Promise<never> => Promise.reject(new Error('from an asynchronous hook'))
    await expect(retry(failing(last), { maxAttempts: 1, onGiveUp: rejected as () => void })).rejects.toBe(
      last,
    )
    await tick()
    expect(emitWarning).toHaveBeenCalledTimes(2)
  })

  it('needs no process to survive a hook that throws', async () => {
    vi.stubGlobal('process', undefined)
    const run = retry(failing('once'), {
      ...exact,
      onRetry: () => {
        throw new Error('from a hook')
      },
    })
    await vi.advanceTimersByTimeAsync(100)
    vi.unstubAllGlobals()
    await expect(run).resolves.toBe('fine')
  })
})

describe('attemptTimeoutMs', () => {
  it("makes the timeout error the reason of the attempt's signal, and retries", async () => {
    const operation = hanging()
    const signals: AbortSignal[] = []
    const run = watch(
      retry(
        (attempt) => {
          signals.push(attempt.signal)
          return operation(attempt)
        },
        { ...exact, attemptTimeoutMs: 1_000, maxAttempts: 2 },
      ),
    )
    await vi.advanceTimersByTimeAsync(1_000)
    expect(signals[0]?.reason).toMatchObject({
      code: 'retry_timeout',
      scope: 'attempt',
      limitMs: 1_000,
      attempt: 1,
    })
    await vi.advanceTimersByTimeAsync(1_100)
    expect(operation).toHaveBeenCalledTimes(2)
    expect(run.error).toBe(signals[1]?.reason)
    expect(run.error).toMatchObject({ name: 'TimeoutError', attempt: 2, message: /timed out after 1000 ms/ })
  })

  it('never reports an abort of the caller as a timeout', async () => {
    const controller = new AbortController()
    const operation = hanging()
    const run = watch(retry(operation, { attemptTimeoutMs: 1_000, signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(999)
    const reason = new Error('the user left')
    controller.abort(reason)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(run.error).toBe(reason)
    expect(operation.mock.calls[0]?.[0].signal.reason).toBe(reason)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it('leaves the signal of an attempt that succeeded alone', async () => {
    const signal = await retry((attempt) => attempt.signal, { attemptTimeoutMs: 1_000 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(signal.aborted).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })
})
