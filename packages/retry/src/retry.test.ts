import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { exact, failing, tick, watch, withFakeTime } from '../test/harness.ts'
import { retry, type GiveUpEvent, type RetryEvent } from './index.ts'

withFakeTime()

describe('retry', () => {
  it('makes one attempt, and no timer or listener, when the operation succeeds at once', async () => {
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

  it('makes exactly maxAttempts attempts and rejects with the last error itself, and calls onGiveUp with maxAttempts 1 too', async () => {
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

  it('makes the second attempt without a timer if its delay is 0, and leaves the process time for other work before later ones', async () => {
    const operation = failing(new Error('first'), new Error('second'))
    const run = retry(operation, { baseDelayMs: 0 })
    for (let microtask = 0; microtask < 100; microtask++) await Promise.resolve()
    expect(operation).toHaveBeenCalledTimes(2)
    expect(vi.getTimerCount()).toBe(1)
    await vi.runAllTimersAsync()
    await expect(run).resolves.toBe('fine')
  })

  it.each([['a string'], [null], [undefined], [{ reason: 'a plain object' }]])(
    'retries what is thrown at once, or is no Error, like a rejection, and rethrows it unchanged: %o',
    async (thrown) => {
      const operation = vi.fn((): Promise<string> => {
        throw thrown as unknown as Error
      })
      const run = watch(retry(operation, exact))
      await vi.runAllTimersAsync()
      expect(operation).toHaveBeenCalledTimes(3)
      expect(run.settled).toBe(true)
      expect(run.error).toBe(thrown)
    },
  )

  it('passes each attempt its number, the time since the start, and the previous error', async () => {
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

  it('calls onRetry with the number of the attempt, its failure, the delay and the reason for it', async () => {
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

describe('a hook that throws', () => {
  it('changes neither the result nor the number of attempts, and is reported in one warning', async () => {
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
    const rejected = (): unknown => Promise.reject(new Error('from an asynchronous hook'))
    await expect(retry(failing(last), { maxAttempts: 1, onGiveUp: rejected })).rejects.toBe(last)
    await tick()
    expect(emitWarning).toHaveBeenCalledTimes(2)
  })

  it('does no harm in a runtime without process', async () => {
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
