import { MockEmbeddingModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { createFallbackEmbeddingModel, createFallbackModel, receiptOf } from '../src/index.ts'
import { allOf, cut, mock, whole } from './mock-models.ts'

describe('the targets of a fallback model', () => {
  it('have names of their own, also when one is named as the second of another name would be', async () => {
    const models = ['m', 'm', 'm#2', 'm'].map((name) => mock(name, 'hi'))
    const model = createFallbackModel({ models })
    expect(model.stats().targets.map(({ name }) => name)).toEqual([
      'mock/m',
      'mock/m#2',
      'mock/m#2#2',
      'mock/m#3',
    ])
    expect(receiptOf(await model.doGenerate({ prompt: [] }))).toMatchObject({ target: 'mock/m' })
  })

  it.each<[unknown]>([[[]], [undefined], [[null]], [[{ name: 'another' }]], [Promise.resolve([])]])(
    'are at least one in each order: the error names the option, for %j',
    async (list) => {
      const model = createFallbackModel({ models: [mock('a', 'hi')], order: () => list as never })
      await expect(Promise.resolve(model.doGenerate({ prompt: [] }))).rejects.toThrow(
        /^order must return a list/,
      )
      expect(model.stats()).toMatchObject({ failed: 1, inFlight: 0 })
    },
  )
})

describe('a model that does not say what it supports', () => {
  const broken = [
    () => Promise.reject(new Error('no network')),
    () => undefined,
    () => {
      throw new Error('broken')
    },
  ]

  it.each(broken)('supports no URLs, and the others answer: %#', async (get) => {
    const [odd, second] = [mock('odd', 'hi'), mock('second', 'hi')]
    Object.defineProperty(odd, 'supportedUrls', { get })
    Object.defineProperty(second, 'supportedUrls', { value: { 'image/*': [/^https:/] } })
    expect(await createFallbackModel({ models: [second, odd] }).supportedUrls).toEqual({})
    expect(await createFallbackModel({ models: [odd, second] }).supportedUrls).toEqual({})
  })

  it.each(broken)('sets no limit, and is called by no two calls at once: %#', async (get) => {
    const [odd, second] = ['odd', 'second'].map(
      (provider) => new MockEmbeddingModelV4({ provider, modelId: 'm', maxEmbeddingsPerCall: 5 }),
    ) as [MockEmbeddingModelV4, MockEmbeddingModelV4]
    Object.defineProperty(odd, 'maxEmbeddingsPerCall', { get })
    Object.defineProperty(odd, 'supportsParallelCalls', { get })
    Object.defineProperty(second, 'supportsParallelCalls', { value: true })
    const model = createFallbackEmbeddingModel({ models: [odd, second] })
    expect(await model.maxEmbeddingsPerCall).toBe(5)
    expect(await model.supportsParallelCalls).toBe(false)
  })
})

describe('an error of a model that cannot be read', () => {
  const unreadable = (property: string): Error =>
    Object.defineProperty(new Error('odd'), property, {
      get: () => {
        throw new Error('no access')
      },
    })

  it.each(['status', 'message', 'name', 'code', 'cause'])(
    'is a failure of the model, so that the next one answers: %s',
    async (property) => {
      const error = unreadable(property)
      const model = createFallbackModel({ models: [mock('a', error), mock('b', 'hi')] })
      const answer = await model.doGenerate({ prompt: [] })
      expect(receiptOf(answer)).toMatchObject({ target: 'mock/b' })
      const { stream } = await model.doStream({ prompt: [] })
      expect(receiptOf((await allOf(stream)).at(-1))).toMatchObject({ target: 'mock/b' })
      const alone = createFallbackModel({ models: [mock('a', error)], retry: false })
      await expect(Promise.resolve(alone.doGenerate({ prompt: [] }))).rejects.toMatchObject({
        code: 'all_targets_failed',
      })
      expect([model.stats().inFlight, alone.stats().inFlight]).toEqual([0, 0])
    },
  )

  it.each(['status', 'message', 'name', 'code', 'cause'])(
    'ends a stream that has begun: %s',
    async (property) => {
      const parts = [...cut('Hel'), { type: 'error' as const, error: unreadable(property) }]
      const model = createFallbackModel({ models: [mock('a', { parts }), mock('b', { parts: whole('no') })] })
      const { stream } = await model.doStream({ prompt: [] })
      await expect(allOf(stream)).rejects.toMatchObject({ code: 'stream_incomplete' })
      expect(model.stats()).toMatchObject({ failed: 1, inFlight: 0 })
    },
  )
})
