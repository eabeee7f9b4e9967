import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { streamText } from 'ai'
import { describe, expect, it, vi } from 'vitest'
import { createFallbackModel, type ModelReceipt } from '../src/index.ts'
import { allOf, delta, mock, whole } from './mock-models.ts'

const FINISH = whole().at(-1) as LanguageModelV4StreamPart

describe('what follows the finish part of a stream', () => {
  it.each<[string, LanguageModelV4StreamPart[], boolean?]>([
    ['a second finish', [FINISH]],
    ['a finish that says the answer is cut', [{ ...FINISH, finishReason: { unified: 'error' } } as never]],
    ['an error', [{ type: 'error', error: new Error('late') }]],
    ['a part that is no object', ['no part' as never]],
    ['silence', [], true],
  ])('leaves the answer whole and counted once: %s', async (_, late, hangs = false) => {
    const end = vi.fn<(receipt: ModelReceipt) => void>()
    const recorded = vi.fn()
    const parts = [...whole('hi'), ...late, delta('no'), FINISH]
    const first = mock('first', { parts: hangs ? whole('hi') : parts, hangs })
    const model = createFallbackModel({
      models: [first],
      on: { end },
      telemetry: { start: () => ({ end: recorded }) },
      timeouts: { idleMs: 20 },
    })
    const { stream } = await model.doStream({ prompt: [] })
    const seen = await allOf(stream)
    expect(seen.map(({ type }) => type)).toEqual(whole('hi').map(({ type }) => type))
    expect(first.cancelled).toHaveLength(1)
    expect(end).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ outcome: 'success' }))
    expect(recorded).toHaveBeenCalledTimes(1)
    expect(model.stats()).toMatchObject({ succeeded: 1, failed: 0, inFlight: 0 })
  })

  it('does not reach the reader of streamText', async () => {
    const parts = [...whole('hi'), FINISH]
    const model = createFallbackModel({ models: [mock('first', { parts })] })
    const result = streamText({ model, prompt: 'x', maxRetries: 0 })
    expect((await allOf(result.stream)).filter(({ type }) => type === 'finish-step')).toHaveLength(1)
    expect(await result.text).toBe('hi')
  })

  it('closes the stream of the model when the caller cancels', async () => {
    const first = mock('first', { parts: whole('hi'), hangs: true })
    const model = createFallbackModel({ models: [first] })
    const reader = (await model.doStream({ prompt: [] })).stream.getReader()
    while ((await reader.read()).value?.type !== 'finish');
    await reader.cancel('enough')
    expect(first.cancelled).toEqual(['enough'])
    expect(model.stats()).toMatchObject({ succeeded: 1, inFlight: 0 })
  })
})
