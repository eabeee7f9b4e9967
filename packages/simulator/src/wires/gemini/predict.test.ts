import { ApiError, GoogleGenAI } from '@google/genai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { post } from '../../../test/wire.ts'
import { startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const httpOptions = { baseUrl: provider.url }
const vertex = new GoogleGenAI({ vertexai: true, apiKey: 'key', httpOptions })
afterAll(() => simulator.close())
beforeEach(() => {
  provider.reset()
})

const model = 'text-embedding-005'
const path = `/projects/p/locations/l/publishers/google/models/${model}:predict`

describe("an embedding of Google's SDK on Vertex AI", () => {
  it('has a vector and a count of tokens for each text', async () => {
    const contents = ['A harbour.', 'Another, much longer text about ships.']
    const { embeddings, metadata } = await vertex.models.embedContent({
      model,
      contents,
      config: { outputDimensionality: 64 },
    })
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([64, 64])
    const [first = 0, second = 0] = embeddings?.map(({ statistics }) => statistics?.tokenCount) ?? []
    expect(second).toBeGreaterThan(first)
    expect(metadata?.billableCharacterCount).toBe(contents.join('').replaceAll(' ', '').length)
    const { byOperation, tokens } = provider.counts()
    expect(byOperation).toEqual({ 'embed-content': 1 })
    expect(tokens).toEqual({ input: first + second, output: 0 })
  })

  it('has the same vector as at the Gemini API', async () => {
    const gemini = new GoogleGenAI({ apiKey: 'key', httpOptions })
    const request = { model, contents: 'A harbour.', config: { outputDimensionality: 32 } }
    const [one, other] = [
      await vertex.models.embedContent(request),
      await gemini.models.embedContent(request),
    ]
    expect(one.embeddings?.[0]?.values).toEqual(other.embeddings?.[0]?.values)
  })

  it('fails as the provider does', async () => {
    provider.fail({ type: 'quota', per: 'minute' })
    const failure: unknown = await vertex.models
      .embedContent({ model, contents: 'x' })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect(failure).toMatchObject({ status: 429 })
  })

  it.each<[string, object]>([
    ['no instances', { instances: [] }],
    ['an instance of another kind', { instances: [{ prompt: 'A picture of a harbour' }] }],
    ['vectors of no size', { instances: [{ content: 'x' }], parameters: { outputDimensionality: 0 } }],
  ])('is refused with %s', async (_, body) => {
    const { status, body: error } = await post(provider, path, body)
    expect([status, JSON.parse(error)]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
  })
})
