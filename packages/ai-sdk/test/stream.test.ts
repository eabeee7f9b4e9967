import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { createUIMessageStreamResponse, streamText, toUIMessageStream } from 'ai'
import { describe, expect, it, vi } from 'vitest'
import { createFallbackModel, receiptOf, StreamIncompleteError, type ModelReceipt } from '../src/index.ts'
import { apiError, cut, delta, mock, startOnly, whole, type Stream } from './mock-models.ts'

const retry = { baseDelayMs: 1 }

async function read(stream: ReadableStream<LanguageModelV4StreamPart>) {
  const parts: LanguageModelV4StreamPart[] = []
  try {
    for await (const part of stream) parts.push(part)
  } catch (error) {
    return { parts, error }
  }
  return { parts, error: undefined }
}

const textOf = (parts: readonly LanguageModelV4StreamPart[]): string =>
  parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')

describe('the stream of a fallback model', () => {
  it.each<[string, Error | Stream]>([
    ['an error status', apiError(503)],
    ['an end before the first content', { parts: cut() }],
    ['an empty stream', { parts: [] }],
    [
      'an error part',
      { parts: [...startOnly, { type: 'error', error: { type: 'overloaded_error', message: 'x' } }] },
    ],
    ['empty deltas and an end', { parts: cut('', '') }],
    [
      'a finish without content or reason',
      {
        parts: [
          ...startOnly,
          { ...(whole().at(-1) as object), finishReason: { unified: 'other', raw: undefined } } as never,
        ],
      },
    ],
  ])('comes from the next model after %s, from its beginning', async (_, step) => {
    const [first, second] = [mock('first', step), mock('second', 'hello')]
    const model = createFallbackModel({ models: [first, second], retry })
    const { stream } = await model.doStream({ prompt: [] })
    const { parts, error } = await read(stream)
    expect(error).toBeUndefined()
    expect(parts.slice(0, -1)).toEqual(whole('hello').slice(0, -1))
    expect(receiptOf(parts.at(-1))).toMatchObject({
      outcome: 'success',
      target: 'mock/second',
      firstContentMs: expect.any(Number) as number,
    })
    expect(first.doStreamCalls).toHaveLength(2)
  })

  it.each<[string, LanguageModelV4StreamPart[], StreamIncompleteError['reason']]>([
    ['is cut', cut('Hel', 'lo'), 'cut'],
    ['reports an error', [...cut('Hel', 'lo'), { type: 'error', error: 'overloaded' }], 'error'],
    [
      'finishes with an error',
      [...cut('Hel', 'lo'), { ...whole().at(-1), finishReason: { unified: 'error', raw: 'x' } } as never],
      'cut',
    ],
  ])(
    'ends with an error part and the same error when it %s after its first content',
    async (_, parts, reason) => {
      const end = vi.fn<(receipt: ModelReceipt) => void>()
      const [first, second] = [mock('first', { parts }), mock('second', 'no')]
      const model = createFallbackModel({ models: [first, second], on: { end } })
      const result = await read((await model.doStream({ prompt: [] })).stream)
      expect(textOf(result.parts)).toBe('Hello')
      expect(result.parts.at(-1)).toEqual({ type: 'error', error: result.error })
      expect(StreamIncompleteError.is(result.error)).toBe(true)
      expect(result.error).toMatchObject({ reason, target: 'mock/first' })
      expect(receiptOf(result.error)).toMatchObject({ outcome: 'failure', upstreamCalls: 1 })
      expect(end).toHaveBeenCalledTimes(1)
      expect(second.doStreamCalls).toHaveLength(0)
    },
  )

  it('rejects the promises of streamText after a cut, instead of a short text', async () => {
    const model = createFallbackModel({ models: [mock('first', { parts: cut('Hel') })] })
    const result = streamText({ model, prompt: 'x', maxRetries: 0, onError: () => undefined })
    await expect(result.text).rejects.toMatchObject({ code: 'stream_incomplete' })
  })

  it('fails when no content arrives within idleMs, and cancels the model', async () => {
    const first = mock('first', { parts: cut('Hel'), hangs: true })
    const model = createFallbackModel({ models: [first], timeouts: { idleMs: 500 } })
    const { parts, error } = await read((await model.doStream({ prompt: [] })).stream)
    expect(parts.at(-1)).toEqual({ type: 'error', error })
    expect(error).toMatchObject({ reason: 'idle' })
    expect(first.cancelled).toHaveLength(1)
    expect(first.aborted).toHaveLength(1)
  })

  it('does not count the time in which its reader does not read', async () => {
    const model = createFallbackModel({
      models: [mock('first', { parts: whole('a', 'b') })],
      timeouts: { idleMs: 200 },
    })
    const { stream } = await model.doStream({ prompt: [] })
    await new Promise((resolve) => setTimeout(resolve, 400))
    const { parts, error } = await read(stream)
    expect(error).toBeUndefined()
    expect(textOf(parts)).toBe('ab')
  })

  it('comes from the next model when the first one sends no content within firstTokenMs', async () => {
    const [slow, second] = [mock('slow', { parts: startOnly, hangs: true }), mock('second', 'hi')]
    const model = createFallbackModel({
      models: [slow, second],
      attemptsBeforeFallback: 1,
      timeouts: { firstTokenMs: 500 },
    })
    const { parts } = await read((await model.doStream({ prompt: [] })).stream)
    expect(textOf(parts)).toBe('hi')
    expect(slow.cancelled).toHaveLength(1)
  })

  it('ends with the reason of the caller, and cancels the model', async () => {
    const first = mock('first', { parts: cut('Hel'), hangs: true })
    const end = vi.fn<(receipt: ModelReceipt) => void>()
    const model = createFallbackModel({ models: [first, mock('second', 'x')], on: { end } })
    const controller = new AbortController()
    const reason = new Error('gone')
    const { stream } = await model.doStream({ prompt: [], abortSignal: controller.signal })
    setTimeout(() => controller.abort(reason), 10)
    expect(await read(stream)).toMatchObject({ error: reason })
    expect(first.cancelled).toEqual([reason])
    expect(end).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ outcome: 'aborted' }))
  })

  it('cancels the model when its reader cancels', async () => {
    const first = mock('first', { parts: [...cut('Hel'), delta('lo')], hangs: true })
    const model = createFallbackModel({ models: [first] })
    const { stream } = await model.doStream({ prompt: [] })
    const reader = stream.getReader()
    await reader.read()
    await reader.cancel('enough')
    expect(first.cancelled).toEqual(['enough'])
    expect(first.aborted).toHaveLength(1)
    expect(model.stats()).toMatchObject({ aborted: 1, inFlight: 0 })
  })

  it('contains the text of the last resort when no model answers', async () => {
    const model = createFallbackModel({
      models: [mock('first', apiError(500))],
      retry: false,
      lastResort: () => 'sorry',
    })
    const result = streamText({ model, prompt: 'x', maxRetries: 0 })
    expect(await result.text).toBe('sorry')
    expect(await receiptOf(result)).toMatchObject({ degraded: true })
  })

  it('puts the receipt on its finish part only, and nothing of it reaches a browser', async () => {
    const model = createFallbackModel({ models: [mock('first', 'hi')], labels: { tenant: 'acme' } })
    const { parts } = await read((await model.doStream({ prompt: [] })).stream)
    expect(parts.filter((part) => JSON.stringify(part).includes('harbor')).map(({ type }) => type)).toEqual([
      'finish',
    ])
    const result = streamText({ model, prompt: 'x', maxRetries: 0 })
    const body = await createUIMessageStreamResponse({
      stream: toUIMessageStream({ stream: result.stream }),
    }).text()
    expect(body).toContain('hi')
    expect(body).not.toMatch(/harbor|acme|mock\/first/)
  })
})
