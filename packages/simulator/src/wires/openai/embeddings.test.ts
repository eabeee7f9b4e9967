import OpenAI from 'openai'
import { afterAll, expect, it } from 'vitest'
import { post } from '../../../test/wire.ts'
import { startSimulator } from '../../index.ts'
import { embed } from '../../answers/embed.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())

const model = 'text-embedding-3-small'

function cosine(one: readonly number[] | Float32Array, other: readonly number[] | Float32Array): number {
  return Array.from(one).reduce((sum, value, place) => sum + value * (other[place] ?? 0), 0)
}

it('sends equal vectors as base64, the default of the SDK, and as floats', async () => {
  const input = ['a quiet harbour', 'the open sea']
  const [decoded, floats] = await Promise.all([
    client.embeddings.create({ model, input }),
    client.embeddings.create({ model, input, encoding_format: 'float' }),
  ])
  expect(decoded.data.map((entry) => entry.index)).toEqual([0, 1])
  expect(decoded.data[0]?.embedding).toHaveLength(1536)
  expect(decoded.data).toEqual(floats.data)
  expect(decoded.usage).toEqual({ prompt_tokens: 7, total_tokens: 7 })
})

it('sends one embedding for a string or an array of tokens, and one each for an array of either', async () => {
  const count = async (input: string | string[] | number[] | number[][]) =>
    (await client.embeddings.create({ model, input })).data.length
  expect(await count('one')).toBe(1)
  expect(await count([1, 2, 3])).toBe(1)
  expect(await count(['one', 'two'])).toBe(2)
  expect(await count([[1, 2], [3]])).toBe(2)
})

it('honours dimensions, and uses those of the large model', async () => {
  const length = async (dimensions?: number, name = model) =>
    (await client.embeddings.create({ model: name, input: 'sea', ...(dimensions && { dimensions }) })).data[0]
      ?.embedding.length
  expect(await length(64)).toBe(64)
  expect(await length(undefined, 'text-embedding-3-large')).toBe(3072)
})

it('makes unit vectors that are near each other for similar texts', () => {
  for (const dimensions of [256, 1536]) {
    const harbour = embed('A harbour shelters ships from the storm', dimensions)
    const similar = embed('The harbour shelters a ship from storms', dimensions)
    const far = embed('Quarterly revenue fell by nine percent', dimensions)
    expect(cosine(harbour, harbour)).toBeCloseTo(1, 5)
    expect(cosine(harbour, similar)).toBeGreaterThan(0.6)
    expect(cosine(harbour, far)).toBeLessThan(0.25)
  }
})

it('makes a unit vector for any text', () => {
  for (const text of ['', ' ', '!?', '港', 'a'])
    expect(cosine(embed(text, 8), embed(text, 8))).toBeCloseTo(1, 5)
})

it('refuses an invalid input', async () => {
  for (const input of ['', [], {}, 5, [null], [{ text: 'sea' }]]) {
    const { status, body } = await post(provider, '/embeddings', { model, input })
    expect(status, JSON.stringify(input)).toBe(400)
    expect(body).toContain("'input'")
  }
  expect((await post(provider, '/embeddings', { model, input: 'sea', dimensions: 0 })).status).toBe(400)
})
