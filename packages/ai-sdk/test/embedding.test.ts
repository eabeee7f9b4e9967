import { embed, embedMany } from 'ai'
import { MockEmbeddingModelV3, MockEmbeddingModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { createFallbackEmbeddingModel, receiptOf, receiptsOf } from '../src/index.ts'
import { apiError } from './mock-models.ts'

type Vectors = (values: readonly string[]) => number[][]

const two: Vectors = (values) => values.map(() => [1, 2])

function mock(provider: string, answer: Vectors | Error, facts: object = {}): MockEmbeddingModelV4 {
  return new MockEmbeddingModelV4({
    provider,
    modelId: 'vectors',
    maxEmbeddingsPerCall: 100,
    supportsParallelCalls: true,
    ...facts,
    doEmbed: ({ values }) => {
      if (answer instanceof Error) return Promise.reject(answer)
      return Promise.resolve({ embeddings: answer(values), warnings: [], usage: { tokens: 1 } })
    },
  })
}

const retry = { baseDelayMs: 1 }

describe('createFallbackEmbeddingModel', () => {
  it('embeds with the next model when the first one is down', async () => {
    const model = createFallbackEmbeddingModel({ models: [mock('a', apiError(503)), mock('b', two)], retry })
    const result = await embed({ model, value: 'x', maxRetries: 0 })
    expect(result.embedding).toEqual([1, 2])
    expect(receiptOf(result)).toMatchObject({ target: 'b/vectors', upstreamCalls: 3 })
  })

  it('splits values by the smallest limit, and calls in parallel only if all models can', async () => {
    const small = mock('b', two, { maxEmbeddingsPerCall: 2, supportsParallelCalls: false })
    const first = mock('a', two)
    const model = createFallbackEmbeddingModel({ models: [first, small] })
    expect(await model.maxEmbeddingsPerCall).toBe(2)
    expect(await model.supportsParallelCalls).toBe(false)
    const { embeddings } = await embedMany({ model, values: ['1', '2', '3'], maxRetries: 0 })
    expect(embeddings).toHaveLength(3)
    expect(model.stats().calls).toBe(2)
  })

  it('returns the receipts of all requests of embedMany, in order', async () => {
    let calls = 0
    const first = mock('a', (values) => {
      if (calls++ === 1) throw apiError(503)
      return two(values)
    })
    const small = mock('b', two, { maxEmbeddingsPerCall: 2 })
    const model = createFallbackEmbeddingModel({ models: [first, small], retry: false })
    const values = ['1', '2', '3', '4', '5']
    const result = await embedMany({ model, values, maxRetries: 0, maxParallelCalls: 1 })
    const targets = receiptsOf(result).map(({ target }) => target)
    expect(targets).toEqual(['a/vectors', 'b/vectors', 'a/vectors'])
    expect(new Set(receiptsOf(result).map(({ id }) => id)).size).toBe(3)
    expect(receiptOf(result)).toBe(receiptsOf(result)[2])
    const parallel = await embedMany({ model, values, maxRetries: 0 })
    expect(receiptsOf(parallel)).toHaveLength(3)
    expect(receiptsOf(await embed({ model, value: '1', maxRetries: 0 }))).toHaveLength(1)
  })

  it('has no limit when no model has one', async () => {
    const models = ['a', 'b'].map((name) => mock(name, two, { maxEmbeddingsPerCall: Infinity }))
    expect(await createFallbackEmbeddingModel({ models }).maxEmbeddingsPerCall).toBeUndefined()
  })

  it('refuses models with different ids, unless sameVectors is set', () => {
    const models = [mock('a', two), mock('b', two, { modelId: 'other' })]
    expect(() => createFallbackEmbeddingModel({ models })).toThrow(/same id/)
    expect(createFallbackEmbeddingModel({ models, sameVectors: true }).modelId).toBe('vectors')
    expect(() => createFallbackEmbeddingModel({ models: ['openai/x' as never] })).toThrow(
      /gateway\.embeddingModel/,
    )
  })

  it('never mixes vectors of different dimensions, and never excludes the first model for a later one', async () => {
    let down = true
    const first = mock('a', (values) => {
      if (down) throw apiError(503)
      return values.map(() => [1, 2, 3])
    })
    const model = createFallbackEmbeddingModel({ models: [first, mock('b', two)], retry, breaker: false })
    expect((await embed({ model, value: 'x', maxRetries: 0 })).embedding).toHaveLength(2)
    down = false
    expect((await embed({ model, value: 'x', maxRetries: 0 })).embedding).toHaveLength(3)
    down = true
    await expect(embed({ model, value: 'x', maxRetries: 0 })).rejects.toMatchObject({
      code: 'all_targets_failed',
    })
  })

  it.each<[string, Vectors]>([
    ['too few vectors', () => [[1, 2]]],
    ['an empty vector', (values) => values.map(() => [])],
    ['vectors of different lengths', () => [[1, 2], [1]]],
    ['no vectors at all', () => undefined as never],
    ['a vector that is no list', () => [[1, 2], null as never]],
    [
      'a vector with a hole',
      () => [
        [1, 2],
        [1, null as never],
      ],
    ],
    [
      'a vector with NaN',
      () => [
        [1, 2],
        [1, Number.NaN],
      ],
    ],
  ])('takes %s for a failure', async (_, vectors) => {
    const model = createFallbackEmbeddingModel({ models: [mock('a', vectors), mock('b', two)], retry })
    const { embeddings } = await embedMany({ model, values: ['1', '2'], maxRetries: 0 })
    expect(embeddings).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('uses models of version 3, and warns of an option that they do not have', async () => {
    const v3 = new MockEmbeddingModelV3({
      modelId: 'v3',
      doEmbed: () => Promise.resolve({ embeddings: [[1]], warnings: [] }),
    })
    const result = await createFallbackEmbeddingModel({ models: [v3] }).doEmbed({
      values: ['x'],
      dimensions: 1,
    })
    expect(result.warnings).toEqual([{ type: 'unsupported', feature: 'dimensions' }])
  })

  it('does not take vectors of other dimensions than requested, if another model can be called', async () => {
    const ignoring = mock('a', (values) => values.map(() => [1, 2, 3]))
    const request = { values: ['x'], dimensions: 2 }
    const pair = createFallbackEmbeddingModel({ models: [ignoring, mock('b', two)], retry })
    expect((await pair.doEmbed(request)).embeddings).toEqual([[1, 2]])
    const alone = createFallbackEmbeddingModel({ models: [ignoring], retry })
    expect((await alone.doEmbed(request)).embeddings).toEqual([[1, 2, 3]])
  })

  it('ends with the reason of an abort, also when the model ignores it', async () => {
    const hanging = mock('a', two)
    hanging.doEmbed = () => new Promise(() => undefined)
    const abort = new AbortController()
    const model = createFallbackEmbeddingModel({ models: [hanging, mock('b', two)], retry })
    const called = model.doEmbed({ values: ['x'], abortSignal: abort.signal })
    const reason = new Error('The caller left.')
    abort.abort(reason)
    await expect(called).rejects.toBe(reason)
  })

  it('fails embedMany as a whole when one of its calls fails at every model', async () => {
    const failing: Vectors = (values) => {
      if (values.includes('3')) throw apiError(400)
      return two(values)
    }
    const models = ['a', 'b'].map((name) => mock(name, failing, { maxEmbeddingsPerCall: 1 }))
    const model = createFallbackEmbeddingModel({ models, retry })
    await expect(embedMany({ model, values: ['1', '2', '3'], maxRetries: 0 })).rejects.toMatchObject({
      statusCode: 400,
    })
  })
})
