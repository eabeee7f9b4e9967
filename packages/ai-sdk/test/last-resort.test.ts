import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFallbackModel, receiptOf } from '../src/index.ts'
import { apiError, mock } from './mock-models.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const WAYS = ['doGenerate', 'doStream'] as const

/** A model that is down, with a last resort that never ends. */
function hanging(totalMs?: number) {
  const lastResort = vi.fn(() => new Promise<never>(() => undefined))
  const model = createFallbackModel({
    models: [mock('down', apiError(500))],
    retry: false,
    lastResort,
    totalMs,
  })
  const call = async (way: (typeof WAYS)[number], abortSignal?: AbortSignal): Promise<unknown> => {
    try {
      return await model[way]({ prompt: [], ...(abortSignal && { abortSignal }) })
    } catch (error) {
      return error
    }
  }
  return { lastResort, model, call }
}

describe.each(WAYS)('the last resort of %s', (way) => {
  it('ends with totalMs, and the call with a TimeoutError', async () => {
    const { lastResort, model, call } = hanging(1_000)
    const called = call(way)
    await expect.poll(() => lastResort.mock.calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_000)
    const error = await called
    expect(error).toMatchObject({ code: 'retry_timeout', scope: 'deadline' })
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', degraded: false })
    expect(model.stats()).toMatchObject({ failed: 1, inFlight: 0 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends with the abort of the caller, with its reason', async () => {
    const { lastResort, model, call } = hanging()
    const controller = new AbortController()
    const called = call(way, controller.signal)
    await expect.poll(() => lastResort.mock.calls).toHaveLength(1)
    const reason = new Error('gone')
    controller.abort(reason)
    expect(await called).toBe(reason)
    expect(receiptOf(reason)).toMatchObject({ outcome: 'aborted' })
    expect(model.stats()).toMatchObject({ aborted: 1, inFlight: 0 })
    expect(vi.getTimerCount()).toBe(0)
  })
})
