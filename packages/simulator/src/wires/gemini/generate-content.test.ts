import {
  createPartFromFunctionResponse,
  type FunctionDeclaration,
  type GenerateContentParameters,
  GoogleGenAI,
  Type,
} from '@google/genai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { post } from '../../../test/wire.ts'
import { startSimulator } from '../../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const baseUrl = `http://127.0.0.1:${provider.port}`
const client = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl } })
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})

const model = 'gemini-2.5-flash'
const contents = 'What is a harbour?'
const body = { contents: [{ role: 'user', parts: [{ text: contents }] }] }
const functionDeclarations: FunctionDeclaration[] = ['get_weather', 'get_tide'].map((name) => ({
  name,
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } },
}))
const config = { tools: [{ functionDeclarations }] }

async function chunksOf(parameters: GenerateContentParameters) {
  const chunks = []
  for await (const chunk of await client.models.generateContentStream(parameters)) chunks.push(chunk)
  return chunks
}

describe('content', () => {
  it('is the same with and without a stream', async () => {
    const whole = await client.models.generateContent({ model, contents })
    const chunks = await chunksOf({ model, contents })
    expect(whole.text).toContain('harbour')
    expect(chunks.map((chunk) => chunk.text ?? '').join('')).toBe(whole.text)
    expect(whole.candidates?.[0]?.finishReason).toBe('STOP')
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP')
    expect(chunks.at(-1)?.usageMetadata).toEqual(whole.usageMetadata)
    expect(whole).toMatchObject({ modelVersion: model, responseId: expect.any(String) as string })
    expect(provider.requests()).toMatchObject([
      { wire: 'gemini', operation: 'generate-content', model, stream: false },
      { wire: 'gemini', operation: 'generate-content', model, stream: true },
    ])
    expect(provider.counts().tokens.output).toBe(2 * (whole.usageMetadata?.candidatesTokenCount ?? 0))
  })

  it('reports the usage so far with each event', async () => {
    const chunks = await chunksOf({ model, contents })
    const counts = chunks.map((chunk) => chunk.usageMetadata?.candidatesTokenCount ?? 0)
    expect(counts).toEqual(chunks.map((_, index) => Math.min(index + 1, chunks.length - 1)))
    const usage = chunks.at(-1)?.usageMetadata
    expect(usage?.totalTokenCount).toBe((usage?.promptTokenCount ?? 0) + (counts.at(-1) ?? 0))
  })

  it('calls functions whole, with arguments that fit a schema in capitals', async () => {
    const ask = { model, contents: 'Call get_weather and get_tide.', config }
    const whole = await client.models.generateContent(ask)
    const calls = [
      { name: 'get_weather', args: { city: 'harbor' } },
      { name: 'get_tide', args: { city: 'harbor' } },
    ]
    expect(whole.functionCalls).toEqual(calls)
    expect(whole.candidates?.[0]).toMatchObject({ finishReason: 'STOP' })
    expect((await chunksOf(ask)).flatMap((chunk) => chunk.functionCalls ?? [])).toEqual(calls)
  })

  it('answers in text after the result of a function', async () => {
    const { text, functionCalls } = await client.models.generateContent({
      model,
      config,
      contents: [
        { role: 'user', parts: [{ text: 'Use get_tide.' }] },
        { role: 'model', parts: [{ functionCall: { name: 'get_tide', args: {} } }] },
        { role: 'user', parts: [createPartFromFunctionResponse('1', 'get_tide', { tide: 'high' })] },
      ],
    })
    expect([functionCalls, text]).toEqual([undefined, expect.stringContaining('asked')])
  })

  it.each([
    [{ mode: 'ANY' }, 1],
    [{ mode: 'ANY', allowedFunctionNames: ['get_tide'] }, 1],
    [{ mode: 'NONE' }, 0],
    [{ mode: 'AUTO' }, 0],
  ])('obeys the mode of function calling %j', async (functionCallingConfig, calls) => {
    const answer = await post(provider, `/models/${model}:generateContent`, {
      ...body,
      ...config,
      toolConfig: { functionCallingConfig },
    })
    expect(answer.body.match(/"functionCall"/g) ?? []).toHaveLength(calls)
  })

  it('counts thoughts apart from the answer, and sends them only if requested', async () => {
    const thinking = (includeThoughts: boolean) => ({
      model,
      contents,
      config: { thinkingConfig: { thinkingBudget: 100, includeThoughts } },
    })
    const plain = await client.models.generateContent({ model, contents })
    const silent = await client.models.generateContent(thinking(false))
    const spoken = await client.models.generateContent(thinking(true))
    expect(plain.usageMetadata?.thoughtsTokenCount).toBeUndefined()
    expect(silent.usageMetadata).toMatchObject({
      candidatesTokenCount: plain.usageMetadata?.candidatesTokenCount,
      thoughtsTokenCount: expect.any(Number) as number,
    })
    expect(silent.candidates?.[0]?.content?.parts).toMatchObject([
      { text: plain.text, thoughtSignature: expect.any(String) as string },
    ])
    expect(spoken.candidates?.[0]?.content?.parts).toMatchObject([{ thought: true }, { text: plain.text }])
    const chunks = await chunksOf(thinking(true))
    expect(chunks.at(-1)?.usageMetadata).toEqual(spoken.usageMetadata)
    const thoughts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
    expect(
      thoughts
        .filter(({ thought }) => thought)
        .map(({ text }) => text)
        .join(''),
    ).toBe(spoken.candidates?.[0]?.content?.parts?.[0]?.text)
  })

  it('ends at maxOutputTokens, and before a stop sequence', async () => {
    const short = await client.models.generateContent({ model, contents, config: { maxOutputTokens: 3 } })
    expect(short.candidates?.[0]?.finishReason).toBe('MAX_TOKENS')
    expect(short.usageMetadata?.candidatesTokenCount).toBe(3)
    provider.script({ reply: 'One two STOP three.' })
    const stopped = await client.models.generateContent({
      model,
      contents,
      config: { stopSequences: ['STOP'] },
    })
    expect(stopped.text).toBe('One two ')
  })

  it('has as many candidates as requested, each with an end of its own', async () => {
    const config = { candidateCount: 3 }
    const whole = await client.models.generateContent({ model, contents, config })
    const texts = whole.candidates?.map(({ content }) => content?.parts?.[0]?.text)
    expect(new Set(texts).size).toBe(3)
    const ends = (await chunksOf({ model, contents, config })).flatMap(({ candidates }) => candidates ?? [])
    expect(
      ends
        .filter(({ finishReason }) => finishReason)
        .map(({ index }) => index)
        .toSorted(),
    ).toEqual([0, 1, 2])
    for (const [index, text] of (texts ?? []).entries()) {
      const own = ends.filter((candidate) => candidate.index === index)
      expect(own.map(({ content }) => content?.parts?.[0]?.text ?? '').join('')).toBe(text)
      expect(own.findIndex(({ finishReason }) => finishReason)).toBe(own.length - 1)
    }
  })

  it('is a JSON value for a schema', async () => {
    const responseJsonSchema = { type: 'object', properties: { city: { type: 'string' } } }
    const answer = await client.models.generateContent({
      model,
      contents,
      config: { responseMimeType: 'application/json', responseJsonSchema },
    })
    expect(answer.text).toBe('{"city":"harbor"}')
  })

  it('is streamed as one JSON array without alt=sse', async () => {
    const path = `/models/${model}:streamGenerateContent`
    const array = await post(provider, path, body)
    const events = await post(provider, `${path}?alt=sse`, body)
    expect(array.headers['content-type']).toContain('application/json')
    expect(events.headers['content-type']).toContain('text/event-stream')
    const chunks = JSON.parse(array.body) as { responseId: string }[]
    const datas = events.body.split('\r\n\r\n').filter(Boolean)
    expect(datas.map((event) => JSON.parse(event.slice('data: '.length)) as unknown)).toEqual(chunks)
    expect(chunks.length).toBeGreaterThan(5)
  })

  it('is continued after a continuation token, by the SDK itself', async () => {
    const { text } = await client.models.generateContent({ model, contents })
    provider.fail({ type: 'finish', reason: 'CONTINUATION', pieces: 4 })
    const chunks = await chunksOf({ model, contents })
    expect(chunks.map((chunk) => chunk.text ?? '').join('')).toBe(text)
    expect(provider.counts().byOperation['generate-content']).toBe(3)
  })

  it.each(['tunedModels/mine', 'endpoints/17'])('is answered by %s, as rules name it', async (name) => {
    provider.script({ rules: [{ when: { model: name, stream: true }, fault: { type: 'overloaded' } }] })
    const answers = await Promise.all(
      ['generateContent', 'streamGenerateContent'].map((action) =>
        post(provider, `/${name}:${action}`, body),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 503])
  })

  it('reports the tier and the cached share of the script', async () => {
    provider.script({ cachedShare: 0.5, servedTier: 'flex' })
    const { usageMetadata } = await client.models.generateContent({ model, contents })
    expect(usageMetadata).toMatchObject({
      cachedContentTokenCount: Math.floor((usageMetadata?.promptTokenCount ?? 0) / 2),
      trafficType: 'ON_DEMAND_FLEX',
    })
  })
})

describe('embeddings', () => {
  const embedder = 'gemini-embedding-001'

  it('are one for each text, as long as requested', async () => {
    const { embeddings } = await client.models.embedContent({
      model: embedder,
      contents: ['a quiet harbour', 'the open sea'],
      config: { outputDimensionality: 64 },
    })
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([64, 64])
    const one = await post(provider, `/models/${embedder}:embedContent`, {
      content: { parts: [{ text: 'a quiet harbour' }] },
      outputDimensionality: 64,
    })
    expect(JSON.parse(one.body)).toEqual({ embedding: embeddings?.[0] })
    expect(provider.counts().byOperation).toEqual({ 'embed-content': 2 })
    const wrong = await post(provider, `/models/${embedder}:embedContent`, {
      content: { parts: [{ text: 'sea' }] },
      outputDimensionality: 0,
    })
    expect(wrong.status).toBe(400)
  })
})

it('counts the tokens that generateContent reports', async () => {
  const { totalTokens } = await client.models.countTokens({ model, contents })
  const { usageMetadata } = await client.models.generateContent({ model, contents })
  expect(totalTokens).toBe(usageMetadata?.promptTokenCount)
  expect(provider.counts().byOperation).toEqual({ 'count-tokens': 1, 'generate-content': 1 })
})

it('lists the models of the script, and returns one', async () => {
  provider.script({ models: ['gemini-9', 'other'] })
  const page = await client.models.list()
  expect(page.page.map(({ name }) => name)).toEqual(['models/gemini-9', 'models/other'])
  expect(await client.models.get({ model: 'gemini-9' })).toMatchObject({ name: 'models/gemini-9' })
})
