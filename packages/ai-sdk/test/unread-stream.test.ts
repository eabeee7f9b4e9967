import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFallbackModel, receiptOf, type ModelReceipt } from '../src/index.ts'
import { cut, delta, mock, whole } from './mock-models.ts'

const FIVE_MINUTES = 300_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A stream of a model that sends texts without end of its own. */
async function streamed() {
  const first = mock('first', { parts: [...cut('a'), delta('b'), delta('c')], hangs: true })
  const end = vi.fn<(receipt: ModelReceipt) => void>()
  const model = createFallbackModel({ models: [first, mock('second', 'no')], on: { end } })
  const { stream } = await model.doStream({ prompt: [] })
  return { first, end, model, stream }
}

describe('a stream of a fallback model that is not read', () => {
  it('closes the connection after five minutes, and ends its receipt without a judgement of the model', async () => {
    const { first, end, model, stream } = await streamed()
    await vi.advanceTimersByTimeAsync(FIVE_MINUTES - 1)
    expect(first.aborted).toHaveLength(0)
    expect(model.stats().inFlight).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(first.aborted).toHaveLength(1)
    expect(first.cancelled).toHaveLength(1)
    expect(end).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ outcome: 'aborted' }))
    expect(model.stats()).toMatchObject({ aborted: 1, inFlight: 0 })
    expect(vi.getTimerCount()).toBe(0)
    const error: unknown = await stream
      .getReader()
      .read()
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'stream_incomplete', reason: 'unread' })
    expect(receiptOf(error)).toMatchObject({ outcome: 'aborted' })
  })

  it('closes the connection five minutes after the last read', async () => {
    const { first, stream } = await streamed()
    const reader = stream.getReader()
    for (let read = 0; read < 5; read++) {
      await vi.advanceTimersByTimeAsync(FIVE_MINUTES - 1)
      expect(await reader.read()).toMatchObject({ done: false })
    }
    await vi.advanceTimersByTimeAsync(FIVE_MINUTES - 1)
    expect(first.aborted).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(first.aborted).toHaveLength(1)
    await expect(reader.read()).rejects.toMatchObject({ reason: 'unread' })
  })

  it('lets a waiting reader wait for longer than five minutes', async () => {
    const first = mock('first', { parts: cut('a'), hangs: true })
    const model = createFallbackModel({ models: [first], timeouts: { idleMs: 2 * FIVE_MINUTES } })
    const reader = (await model.doStream({ prompt: [] })).stream.getReader()
    for (let read = 0; read < 4; read++) await reader.read()
    const waiting = reader.read()
    await vi.advanceTimersByTimeAsync(2 * FIVE_MINUTES - 1)
    expect(first.aborted).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    await expect(waiting).resolves.toMatchObject({ value: { type: 'error', error: { reason: 'idle' } } })
  })

  it('has no timer after its end', async () => {
    const model = createFallbackModel({ models: [mock('first', { parts: whole('a', 'b') })] })
    for await (const _ of (await model.doStream({ prompt: [] })).stream);
    expect(vi.getTimerCount()).toBe(0)
  })
})
