import { MockLanguageModelV3, MockLanguageModelV4, convertArrayToReadableStream } from 'ai/test'
import type {
  LanguageModelV2,
  LanguageModelV2CallOptions,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { asModelV4 } from '../src/as-model-v4.ts'

const IMAGE = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } } as const
const CALL: LanguageModelV4CallOptions = {
  reasoning: 'high',
  prompt: [
    { role: 'user', content: [{ type: 'text', text: 'What is this?' }, IMAGE] },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: '1',
          toolName: 'see',
          output: { type: 'content', value: [IMAGE] },
        },
      ],
    },
  ],
}
const V2_USAGE = { inputTokens: 3, outputTokens: 2, totalTokens: 5, cachedInputTokens: 1 }

describe('asModelV4', () => {
  it('returns a model of version 4 itself', () => {
    const model = new MockLanguageModelV4()
    expect(asModelV4(model, 'model')).toBe(model)
  })

  it('refuses a model id, and names gateway()', () => {
    expect(() => asModelV4('openai/gpt-5' as never, 'models[1]')).toThrow(
      /^models\[1\] must be a language model, got a model id.*gateway\(id\)/,
    )
    expect(() => asModelV4(undefined as never, 'models[0]')).toThrow(TypeError)
    expect(() => asModelV4({ specificationVersion: 'v1' } as never, 'models[0]')).toThrow(/2, 3 or 4.*got v1/)
  })

  it('calls a model of version 3 with its form of files, and reports the option that it lacks', async () => {
    const older = new MockLanguageModelV3({
      doGenerate: {
        content: [{ type: 'file', mediaType: 'image/png', data: 'AAAA' }],
        finishReason: { unified: 'stop', raw: 'end' },
        usage: {
          inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 1, text: 1, reasoning: 0 },
        },
        warnings: [],
      },
    })
    const result = await asModelV4(older, 'model').doGenerate(CALL)
    expect(result.content).toEqual([IMAGE])
    expect(result.warnings).toMatchObject([{ type: 'unsupported', feature: 'reasoning' }])
    const [{ prompt } = { prompt: [] }] = older.doGenerateCalls
    expect(prompt[0]).toMatchObject({ content: [{ text: 'What is this?' }, { type: 'file', data: 'AAAA' }] })
    expect(prompt[1]).toMatchObject({
      content: [{ output: { value: [{ type: 'file-data', data: 'AAAA', mediaType: 'image/png' }] } }],
    })
    expect(older.doGenerateCalls[0]).not.toHaveProperty('reasoning')
  })

  it('reads the answer of a model of version 2: its finish reason, usage and warnings', async () => {
    const calls: LanguageModelV2CallOptions[] = []
    const older = modelV2({
      doGenerate: (options) => {
        calls.push(options)
        return Promise.resolve({
          content: [{ type: 'text', text: 'A dot.' }],
          finishReason: 'unknown',
          usage: V2_USAGE,
          warnings: [{ type: 'unsupported-setting', setting: 'seed' }],
        })
      },
    })
    const result = await asModelV4(older, 'model').doGenerate(CALL)
    expect(result.finishReason).toEqual({ unified: 'other', raw: undefined })
    expect(result.usage.inputTokens).toMatchObject({ total: 3, cacheRead: 1 })
    expect(result.usage.outputTokens.total).toBe(2)
    expect(result.warnings).toMatchObject([
      { type: 'unsupported', feature: 'seed' },
      { feature: 'reasoning' },
    ])
    expect(calls[0]?.prompt[1]).toMatchObject({
      content: [{ output: { value: [{ type: 'media', data: 'AAAA' }] } }],
    })
  })

  it.each(['unknown', 'other'] as const)(
    'reads the reason %s of a model of version 2: it may be a cut, or what the provider gave',
    async (finishReason) => {
      const result = { content: [], finishReason, usage: V2_USAGE, warnings: [] }
      const older = modelV2({ doGenerate: () => Promise.resolve(result) })
      expect((await asModelV4(older, 'model').doGenerate(CALL)).finishReason).toEqual({
        unified: 'other',
        raw: finishReason === 'other' ? 'other' : undefined,
      })
    },
  )

  it('reads an answer of a model of version 2 without usage and warnings', async () => {
    const bare = { content: [{ type: 'text', text: 'A dot.' }], finishReason: 'stop' }
    const older = modelV2({ doGenerate: () => Promise.resolve(bare as never) })
    const { usage, warnings } = await asModelV4(older, 'model').doGenerate({ prompt: [] })
    expect([usage.inputTokens.total, warnings]).toEqual([undefined, []])
  })

  it('reports what an older model lacks, also when its stream has no first part for warnings', async () => {
    const stream = () =>
      convertArrayToReadableStream<never>([
        { type: 'text-delta', id: 't', delta: 'A dot.' } as never,
        { type: 'finish', finishReason: 'stop', usage: V2_USAGE } as never,
      ])
    const older = modelV2({ doStream: () => Promise.resolve({ stream: stream() }) })
    const tool = { type: 'function', name: 'see', inputSchema: { type: 'object' }, strict: true } as const
    const parts: LanguageModelV4StreamPart[] = []
    for await (const part of (await asModelV4(older, 'm').doStream({ ...CALL, tools: [tool] })).stream)
      parts.push(part)
    expect(parts.map(({ type }) => type)).toEqual(['stream-start', 'text-delta', 'finish'])
    expect(parts[0]).toMatchObject({ warnings: [{ feature: 'reasoning' }, { feature: 'strict' }] })
  })

  it('reads the stream of a model of version 2', async () => {
    const older = modelV2({
      doStream: () =>
        Promise.resolve({
          stream: convertArrayToReadableStream([
            { type: 'stream-start', warnings: [] },
            { type: 'file', mediaType: 'image/png', data: 'AAAA' },
            { type: 'finish', finishReason: 'stop', usage: V2_USAGE },
          ]),
        }),
    })
    const { stream } = await asModelV4(older, 'model').doStream(CALL)
    const parts: LanguageModelV4StreamPart[] = []
    for await (const part of stream) parts.push(part)
    expect(parts).toMatchObject([
      { type: 'stream-start', warnings: [{ feature: 'reasoning' }] },
      IMAGE,
      { type: 'finish', finishReason: { unified: 'stop' }, usage: { inputTokens: { total: 3 } } },
    ])
  })
})

function modelV2(methods: Partial<LanguageModelV2>): LanguageModelV2 {
  const unused = () => Promise.reject(new Error('This method is not used.'))
  return {
    specificationVersion: 'v2',
    provider: 'mock',
    modelId: 'old',
    supportedUrls: {},
    doGenerate: unused,
    doStream: unused,
    ...methods,
  }
}
