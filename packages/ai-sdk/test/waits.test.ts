import { generateText } from 'ai'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFallbackModel, type FallbackModelOptions } from '../src/index.ts'
import { apiError, mock } from './mock-models.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Returns the waits before the attempts at the first model, in milliseconds. It is down, and another model can take over. */
async function waitsWith(options: FallbackModelOptions): Promise<number[]> {
  const startedAt: number[] = []
  const down = mock('down')
  vi.spyOn(down, 'doGenerate').mockImplementation(async () => {
    startedAt.push(performance.now())
    return await Promise.reject(apiError(503))
  })
  const model = createFallbackModel({ models: [down, mock('second', 'hi')], ...options })
  const result = generateText({ model, prompt: 'Hello', maxRetries: 0 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect((await result).text).toBe('hi')
  return startedAt.slice(1).map((at, index) => at - (startedAt[index] ?? 0))
}

describe('the waits at a model while another one can take over', () => {
  it('are none before the second attempt', async () => {
    expect(await waitsWith({})).toEqual([0])
    expect(await waitsWith({ retry: { jitter: false } })).toEqual([0])
  })

  it('are those of the option retry, but at most 100 ms before the second attempt', async () => {
    expect(await waitsWith({ retry: { baseDelayMs: 40, jitter: false } })).toEqual([40])
    expect(await waitsWith({ retry: { baseDelayMs: 5_000, jitter: false } })).toEqual([100])
    expect(await waitsWith({ retry: { backoff: () => 30 } })).toEqual([30])
    expect(await waitsWith({ retry: { backoff: () => 30_000 } })).toEqual([100])
  })

  it('grow before later attempts', async () => {
    const options = { attemptsBeforeFallback: 3, breaker: false } as const
    expect(await waitsWith({ ...options, retry: { jitter: false } })).toEqual([0, 200])
    expect(await waitsWith({ ...options, retry: { backoff: () => 300 } })).toEqual([100, 300])
  })
})

/** Returns the waits before the attempts at the only model, in milliseconds. It fails with this status, without jitter. */
async function waitsAlone(status: number, options: FallbackModelOptions = {}): Promise<number[]> {
  const startedAt: number[] = []
  const down = mock('down')
  vi.spyOn(down, 'doGenerate').mockImplementation(async () => {
    startedAt.push(performance.now())
    return await Promise.reject(apiError(status))
  })
  const retry = { jitter: false, ...(options.retry || {}) }
  const model = createFallbackModel({ models: [down], ...options, retry })
  const failed = expect(generateText({ model, prompt: 'Hello', maxRetries: 0 })).rejects.toThrow()
  await vi.advanceTimersByTimeAsync(60_000)
  await failed
  return startedAt.slice(1).map((at, index) => at - (startedAt[index] ?? 0))
}

describe('the waits at a model while no other one can take over', () => {
  it('are none before the second attempt, and grow before later ones', async () => {
    expect(await waitsAlone(500)).toEqual([0, 2_000])
  })

  it('are those of the backoff from the start if the model is busy', async () => {
    expect(await waitsAlone(503)).toEqual([1_000, 2_000])
    expect(await waitsAlone(429)).toEqual([1_000, 2_000])
  })

  it('are those of the option retry', async () => {
    expect(await waitsAlone(500, { retry: { baseDelayMs: 300 } })).toEqual([300, 600])
    expect(await waitsAlone(500, { retry: { backoff: () => 70 } })).toEqual([70, 70])
  })
})
