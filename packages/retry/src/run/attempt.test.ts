import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { broken, exact, failing, hanging, tick, watch, withFakeTime } from '../../test/harness.ts'
import { createRetry, createRetryBudget, retry, type Attempt, type GiveUpEvent } from '../index.ts'

withFakeTime()

describe('a run with a signal', () => {
  const reason = new Error('the user left')

  it('rejects with the reason, without calling the operation, when the signal is already aborted', async () => {
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

  it('rejects within one tick when the signal aborts during a delay, clears the timer, and makes no other attempt', async () => {
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

  it('rejects at once when the signal aborts during an attempt that ignores it, and leaves no late rejection unhandled', async () => {
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

  it('leaves no listener on a long-lived signal after 10,000 runs, and does not grow the heap', async () => {
    vi.useRealTimers()
    const { signal } = new AbortController()
    const policy = createRetry({ signal, attemptTimeoutMs: 60_000, baseDelayMs: 0 })
    const { signal: runSignal } = new AbortController()
    // No mocks in here: vitest holds each of them in memory.
    const failingOnce = ({ number, signal: own }: Attempt): Promise<AbortSignal> =>
      number === 1 ? Promise.reject(new Error('first')) : Promise.resolve(own)
    const runOnce = (): Promise<AbortSignal> => policy.run(failingOnce, { signal: runSignal })
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
    expect(getEventListeners(runSignal, 'abort')).toHaveLength(0)
    // 10,000 leaked closures would be more than a megabyte.
    expect(heap() - before).toBeLessThan(500_000)
  })

  it('does not start a delay when a hook aborts the signal just before', async () => {
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

  it('rejects with the reason of the signal that aborts, that of the policy or that of the run, and leaves no listener on either', async () => {
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

  it('does not wait for an asynchronous shouldRetry that hangs', async () => {
    const controller = new AbortController()
    const shouldRetry = () => new Promise<boolean>(() => undefined)
    const run = watch(retry(broken(), { shouldRetry, signal: controller.signal }))
    await tick()
    controller.abort(reason)
    await tick()
    expect(run.error).toBe(reason)
  })

  it('does not wait for the sleep of a clock that ignores the signal', async () => {
    const controller = new AbortController()
    const clock = { now: () => 0, sleep: vi.fn(() => new Promise<void>(() => undefined)) }
    const run = watch(retry(broken(), { ...exact, clock, signal: controller.signal }))
    await tick()
    expect(clock.sleep).toHaveBeenCalledExactlyOnceWith(100, controller.signal)
    controller.abort(reason)
    await tick()
    expect(run.error).toBe(reason)
  })

  it('aborts the signal of the attempt too, and keeps a result that came before the abort', async () => {
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

  it("passes the caller's own signal to the operation if there is no timeout, so that it also aborts the body of an answer", async () => {
    const { signal } = new AbortController()
    await retry((attempt) => expect(attempt.signal).toBe(signal), { signal })
  })
})

describe('attemptTimeoutMs', () => {
  it("aborts the attempt's signal with the timeout error, and retries", async () => {
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
    expect(run.error).toMatchObject({
      name: 'TimeoutError',
      attempt: 2,
      message: expect.stringMatching(/timed out after 1000 ms/) as string,
    })
  })

  it('never turns an abort of the caller into a timeout', async () => {
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

  it('does not abort the signal of an attempt that succeeded', async () => {
    const signal = await retry((attempt) => attempt.signal, { attemptTimeoutMs: 1_000 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(signal.aborted).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })
})
