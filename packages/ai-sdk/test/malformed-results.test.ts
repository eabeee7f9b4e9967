import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { MockEmbeddingModelV3, MockEmbeddingModelV4, MockLanguageModelV3, MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import {
  createFallbackEmbeddingModel,
  createFallbackModel,
  MalformedAnswerError,
  receiptOf,
  StreamIncompleteError,
  type AnyLanguageModel,
} from '../src/index.ts'
import { allOf, cut, mock, STOP, USAGE, whole } from './mock-models.ts'

const TEXT = [{ type: 'text', text: 'hi' }]
const REST = { finishReason: STOP, usage: USAGE, warnings: [] }
const KINDS = [MockLanguageModelV4, MockLanguageModelV3]
const telemetry = { start: () => ({}) }
const retry = false

/** A stream of the parts of a model that need not follow the specification. */
const streamOf = (parts: readonly unknown[]): ReadableStream<never> =>
  ReadableStream.from(parts) as unknown as ReadableStream<never>

/** A model of each version of the specification that always resolves to `result`. */
const answering = (result: unknown): AnyLanguageModel[] =>
  KINDS.map((Model) => {
    const own = () => Promise.resolve(result as never)
    return new Model({ provider: 'odd', modelId: 'm', doGenerate: own, doStream: own })
  })

async function read(stream: ReadableStream<LanguageModelV4StreamPart>): Promise<unknown> {
  try {
    for await (const _ of stream);
    return undefined
  } catch (error) {
    return error
  }
}

describe('a model whose answer is no answer', () => {
  it.each<[unknown]>([
    [undefined],
    [null],
    ['hi'],
    [{}],
    [{ ...REST, content: null }],
    [{ ...REST, content: [null] }],
    [{ ...REST, content: TEXT, finishReason: undefined }],
  ])('has failed, so that the next one answers: %j', async (result) => {
    for (const odd of answering(result)) {
      const model = createFallbackModel({ models: [odd, mock('second', 'hi')], retry })
      const answer = await model.doGenerate({ prompt: [] })
      expect(answer.content).toEqual(TEXT)
      expect(receiptOf(answer)?.attempts[0]).toMatchObject({ failure: { kind: 'malformed' } })
      const alone = createFallbackModel({ models: [odd], retry })
      const error: unknown = await Promise.resolve(alone.doGenerate({ prompt: [] })).catch(
        (thrown: unknown) => thrown,
      )
      expect((error as AggregateError).errors.map(MalformedAnswerError.is)).toEqual([true])
      expect(alone.stats()).toMatchObject({ failed: 1, inFlight: 0 })
    }
  })

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['an empty object', () => ({})],
    ['no ReadableStream', () => ({ stream: TEXT })],
    [
      'a stream that is being read elsewhere',
      () => {
        const stream = streamOf([])
        stream.getReader()
        return { stream }
      },
    ],
    ['a part that is no object', () => ({ stream: streamOf([null, ...whole('x')]) })],
    ['a finish without a reason', () => ({ stream: streamOf([{ type: 'finish', usage: USAGE }]) })],
  ])('has failed, so that the next one streams: %s', async (_, result) => {
    for (const odd of answering(result())) {
      const models = [odd, mock('second', 'hi')]
      const model = createFallbackModel({ models, retry })
      const { stream } = await model.doStream({ prompt: [] })
      const parts = await allOf(stream)
      expect(receiptOf(parts.at(-1))).toMatchObject({ target: 'mock/second', upstreamCalls: 2 })
      expect(model.stats()).toMatchObject({ succeeded: 1, inFlight: 0 })
    }
  })

  it('fails the stream with a typed error when a part after the first content is none', async () => {
    for (const odd of answering(undefined)) {
      const stream = streamOf([...cut('Hel'), null])
      Object.assign(odd, { doStream: () => Promise.resolve({ stream }) })
      const model = createFallbackModel({ models: [odd], retry })
      const error = await read((await model.doStream({ prompt: [] })).stream)
      expect(StreamIncompleteError.is(error)).toBe(true)
      expect(model.stats()).toMatchObject({ failed: 1, inFlight: 0 })
    }
  })

  it('gives an answer without usage, and without facts of the vendor, unchanged to its caller', async () => {
    const content = [{ type: 'text', text: 'hi', providerMetadata: { vendor: null } }]
    for (const usage of [undefined, null]) {
      for (const odd of answering({ finishReason: STOP, content, usage })) {
        const model = createFallbackModel({ models: [odd], retry, telemetry })
        expect(await model.doGenerate({ prompt: [] })).toMatchObject({ content })
        expect(model.stats()).toMatchObject({ succeeded: 1, inFlight: 0 })
      }
      const finish = { type: 'finish', finishReason: STOP, usage }
      for (const odd of answering({ stream: streamOf([...cut('hi'), finish]) })) {
        const model = createFallbackModel({ models: [odd], retry, telemetry })
        const { stream } = await model.doStream({ prompt: [] })
        expect(await read(stream)).toBeUndefined()
        expect(model.stats()).toMatchObject({ succeeded: 1, inFlight: 0 })
        break
      }
    }
  })
})

describe('an embedding model whose answer is no answer', () => {
  it.each<[unknown]>([[undefined], [null], [{}], [{ embeddings: null }]])(
    'has failed, so that the next one answers: %j',
    async (result) => {
      for (const Model of [MockEmbeddingModelV4, MockEmbeddingModelV3]) {
        const doEmbed = () => Promise.resolve(result as never)
        const odd = new Model({ provider: 'odd', modelId: 'm', doEmbed })
        const good = new MockEmbeddingModelV4({
          modelId: 'm',
          doEmbed: () => Promise.resolve({ embeddings: [[1]], warnings: [] }),
        })
        const model = createFallbackEmbeddingModel({ models: [odd, good], retry })
        const answer = await model.doEmbed({ values: ['x'] })
        expect(answer.embeddings).toEqual([[1]])
        expect(receiptOf(answer)?.attempts[0]).toMatchObject({ failure: { kind: 'malformed' } })
        expect(model.stats()).toMatchObject({ succeeded: 1, inFlight: 0 })
      }
    },
  )
})
