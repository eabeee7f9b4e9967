import { describe, expect, it, vi } from 'vitest'
import { exact, failing, watch, withFakeTime } from '../../test/harness.ts'
import { retry, TimeoutError, type GiveUpEvent, type RetryEvent } from '../index.ts'

withFakeTime()

describe('shouldRetryResult', () => {
  const answer = (status: number) => new Response(`status ${status}`, { status })

  it('returns the last result when no attempt is left, and cancels the bodies of the others', async () => {
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

  it('waits as long as the Retry-After of a rejected Response says', async () => {
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

  it('may be asynchronous, and ends with the signal', async () => {
    const results = ['bad', 'good', 'unused']
    const operation = vi.fn(async () => results[operation.mock.calls.length - 1])
    const shouldRetryResult = async (one: unknown): Promise<boolean> => Promise.resolve(one === 'bad')
    const run = watch(retry(operation, { ...exact, shouldRetryResult }))
    await vi.runAllTimersAsync()
    expect(run.value).toBe('good')
    expect(operation).toHaveBeenCalledTimes(2)

    const own = new Error('from shouldRetryResult')
    await expect(retry(() => 1, { shouldRetryResult: () => Promise.reject(own) })).rejects.toBe(own)

    const controller = new AbortController()
    const never = vi.fn(() => new Promise<boolean>(() => undefined))
    const hanging = watch(retry(() => 1, { shouldRetryResult: never, signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(0)
    expect(never).toHaveBeenCalledTimes(1)
    const reason = new Error('gone')
    controller.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect(hanging.error).toBe(reason)
  })

  it('ends the run by throwing, which does not count as a failed attempt', async () => {
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

  it('does not matter for a Response that comes after its attempt timed out: its body is cancelled', async () => {
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
