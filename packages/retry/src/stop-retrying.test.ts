import { describe, expect, it, vi } from 'vitest'
import { exact, watch, withFakeTime } from '../test/harness.ts'
import { createRetry, retry, StopRetrying, type GiveUpEvent } from './index.ts'

withFakeTime()

/** The AbortError of p-retry 4 to 7. */
class AbortErrorOfPRetry extends Error {
  override readonly name = 'AbortError'
  readonly originalError: Error

  constructor(message: string | Error) {
    super(message instanceof Error ? message.message : message)
    this.originalError = message instanceof Error ? message : new Error(message)
  }
}

describe('an operation that throws StopRetrying', () => {
  it('is not called again, and its run rejects with the cause itself', async () => {
    const cause = Object.assign(new Error('busy'), { status: 503 })
    const onGiveUp = vi.fn<(event: GiveUpEvent) => void>()
    const operation = vi.fn(() => Promise.reject(new StopRetrying(cause)))

    await expect(retry(operation, { ...exact, onGiveUp })).rejects.toBe(cause)

    expect(operation).toHaveBeenCalledOnce()
    expect(onGiveUp).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ attempts: 1, reason: 'stopped', error: cause }),
    )
    expect(onGiveUp.mock.calls[0]?.[0].failure).toMatchObject({ kind: 'server', status: 503 })
  })

  it('ends the run from a later attempt, synchronously, and whatever shouldRetry would return', async () => {
    const cause = new Error('no use')
    let calls = 0
    const policy = createRetry({ ...exact, shouldRetry: () => true, attemptTimeoutMs: 1_000 })
    const run = watch(
      policy.run(() => {
        if (++calls === 1) throw new Error('first')
        throw new StopRetrying(cause)
      }),
    )
    await vi.runAllTimersAsync()
    expect([calls, run.error]).toEqual([2, cause])
  })

  it('may throw the AbortError of p-retry instead', async () => {
    const cause = new Error('no use')
    await expect(retry(() => Promise.reject(new AbortErrorOfPRetry(cause)))).rejects.toBe(cause)
    await expect(retry(() => Promise.reject(new AbortErrorOfPRetry('words')))).rejects.toThrow('words')
  })

  it('is not confused with an abort, whose AbortError has no originalError', async () => {
    const aborted = new DOMException('This operation was aborted', 'AbortError')
    await expect(retry(() => Promise.reject(aborted))).rejects.toBe(aborted)
  })

  it('takes no retry from a budget', async () => {
    const budget = { deposit: vi.fn(), withdraw: vi.fn(() => () => undefined) }
    await expect(retry(() => Promise.reject(new StopRetrying('no')), { budget })).rejects.toBe('no')
    expect(budget.withdraw).not.toHaveBeenCalled()
  })

  it('is recognised across copies of the package', () => {
    expect(StopRetrying.is(new StopRetrying(1))).toBe(true)
    expect(StopRetrying.is(Object.assign(new Error('copy'), { code: 'stop_retrying' }))).toBe(true)
    expect(StopRetrying.is(new Error('other'))).toBe(false)
  })
})
