import { describe, expect, it, vi } from 'vitest'
import { createFallbackModel, receiptOf, type FallbackModel } from '../src/index.ts'
import { apiError, mock } from './mock-models.ts'

const retry = { baseDelayMs: 1 }
const ask = { prompt: [] }

async function fail(model: FallbackModel, times: number): Promise<unknown> {
  let last: unknown
  for (let call = 0; call < times; call++) {
    try {
      await model.doGenerate(ask)
    } catch (error) {
      last = error
    }
  }
  return last
}

const circuits = (model: FallbackModel) => model.stats().targets.map(({ circuit }) => circuit)

/** A model that answers once it is switched on. */
function switched(name: string) {
  const model = mock(name, 'hi')
  const answer = model.doGenerate
  const state = { isDown: true }
  model.doGenerate = async (options) => {
    if (!state.isDown) return await answer(options)
    model.doGenerateCalls.push(options)
    throw apiError(503)
  }
  return Object.assign(model, state, { set: (isDown: boolean) => void (state.isDown = isDown) })
}

describe('a fallback model whose models are all down', () => {
  it('keeps the circuit of the last one closed for as long as a single model would', async () => {
    const model = createFallbackModel({ models: [switched('a'), switched('b')], retry })
    await fail(model, 5)
    expect(circuits(model)).toEqual(['open', 'closed'])
    await fail(model, 20)
    expect(circuits(model)).toEqual(['open', 'open'])
  })

  it('sends one request for each call while all circuits are open, to the model that answered most', async () => {
    const [a, b] = [switched('a'), switched('b')]
    a.set(false)
    const model = createFallbackModel({ models: [b, a], retry })
    for (let call = 0; call < 30; call++) await model.doGenerate(ask)
    a.set(true)
    await fail(model, 60)
    expect(circuits(model)).toEqual(['open', 'open'])
    const before = [a, b].map(({ doGenerateCalls }) => doGenerateCalls.length)
    const error = await fail(model, 1)
    expect(error).toMatchObject({
      code: 'all_targets_failed',
      message: expect.stringContaining('mock/b skipped (circuit open)') as string,
    })
    expect(receiptOf(error)).toMatchObject({ upstreamCalls: 1, outcome: 'failure' })
    expect([a, b].map(({ doGenerateCalls }) => doGenerateCalls.length)).toEqual([
      (before[0] ?? 0) + 1,
      before[1],
    ])
  })

  it('answers with the first call after the outage, and closes the circuit', async () => {
    const [a, b] = [switched('a'), switched('b')]
    const model = createFallbackModel({ models: [a, b], retry })
    await fail(model, 30)
    expect(circuits(model)).toEqual(['open', 'open'])
    a.set(false)
    b.set(false)
    const result = await model.doGenerate(ask)
    expect(receiptOf(result)).toMatchObject({
      target: 'mock/a',
      upstreamCalls: 1,
      attempts: [
        { target: 'mock/a', outcome: 'answered', reason: 'first' },
        { target: 'mock/b', outcome: 'skipped' },
      ],
    })
    expect(circuits(model)).toEqual(['closed', 'open'])
  })

  it('sends at most 10 calls at the same time, and fails the others at once', async () => {
    const [a, b] = [switched('a'), switched('b')]
    const model = createFallbackModel({ models: [a, b], retry })
    await fail(model, 30)
    a.doGenerate = () => new Promise(() => undefined)
    b.doGenerate = a.doGenerate
    const controller = new AbortController()
    const calls = Array.from({ length: 25 }, () =>
      model.doGenerate({ ...ask, abortSignal: controller.signal }),
    )
    const failed = vi.fn()
    for (const call of calls) call.then(() => undefined, failed)
    await expect.poll(() => failed.mock.calls.length).toBe(15)
    expect(failed.mock.calls[0]?.[0]).toMatchObject({ code: 'all_targets_failed' })
    expect(model.stats().inFlight).toBe(10)
    controller.abort(new Error('gone'))
    await Promise.allSettled(calls)
    expect(model.stats().inFlight).toBe(0)
    // All places are free again.
    a.doGenerate = mock('a', 'hi').doGenerate
    b.doGenerate = a.doGenerate
    await expect(model.doGenerate(ask)).resolves.toBeDefined()
  })
})

describe('a fallback model with one model down', () => {
  it('calls the model with an open circuit again when the others fail', async () => {
    const [a, b] = [switched('a'), switched('b')]
    b.set(false)
    const fallback = vi.fn()
    const model = createFallbackModel({ models: [a, b], retry, on: { fallback } })
    for (let call = 0; call < 3; call++) await model.doGenerate(ask)
    expect(circuits(model)).toEqual(['open', 'closed'])
    a.set(false)
    b.set(true)
    fallback.mockClear()
    const result = await model.doGenerate(ask)
    expect(receiptOf(result)).toMatchObject({ target: 'mock/a' })
    expect(receiptOf(result)?.attempts.at(-1)).toMatchObject({ target: 'mock/a', reason: 'fallback' })
    expect(fallback).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ from: 'mock/b', to: 'mock/a' }),
    )
  })

  it('does not call a model in cooldown when the others fail', async () => {
    const [a, b] = [mock('a', apiError(429, { 'retry-after': '60' }), 'hi'), switched('b')]
    const model = createFallbackModel({ models: [a, b], retry })
    await fail(model, 1)
    await fail(model, 1)
    expect(a.doGenerateCalls).toHaveLength(1)
  })

  it('counts one failure of a call for the circuit, although the call makes two attempts', async () => {
    const [a, b] = [switched('a'), mock('b', 'hi')]
    const model = createFallbackModel({ models: [a, b], retry })
    for (let call = 0; call < 2; call++) await model.doGenerate(ask)
    expect(a.doGenerateCalls).toHaveLength(4)
    expect(circuits(model)).toEqual(['closed', 'closed'])
  })
})
