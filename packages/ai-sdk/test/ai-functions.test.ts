import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModelV2, LanguageModelV2StreamPart, LanguageModelV4 } from '@ai-sdk/provider'
import { useProviders } from '@harbor/simulator/vitest'
import {
  createAgentUIStream,
  defaultSettingsMiddleware,
  embedMany,
  extractReasoningMiddleware,
  generateText,
  isStepCount,
  Output,
  simulateStreamingMiddleware,
  streamText,
  tool,
  ToolLoopAgent,
  wrapLanguageModel,
  type LanguageModelMiddleware,
} from 'ai'
import type { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import {
  createFallbackEmbeddingModel,
  createFallbackModel,
  receiptOf,
  receiptsOf,
  type FallbackModelOptions,
} from '../src/index.ts'
import { apiError, mock } from './mock-models.ts'
import { PLAIN, THINKING } from './strict-vendors.ts'
import { ATTEMPT_MS, whileHanging } from './while-hanging.ts'

const { primary, backup } = useProviders({ primary: {}, backup: {} })
const VENDORS = ['responses', 'anthropic', 'google'] as const
const PAIRS = VENDORS.flatMap((from) => VENDORS.filter((to) => to !== from).map((to) => [from, to] as const))
const retry = { baseDelayMs: 1 }
const down = { type: 'status', status: 503 } as const

const modelOf = (from: keyof typeof PLAIN, to: keyof typeof PLAIN, options: FallbackModelOptions = {}) =>
  createFallbackModel({ models: [PLAIN[from](primary), PLAIN[to](backup)], retry, ...options })

function agentOf(model: LanguageModelV4) {
  return new ToolLoopAgent({
    model,
    maxRetries: 0,
    maxOutputTokens: 4_000,
    providerOptions: { ...THINKING, harbor: { labels: { tenant: 'acme' } } },
    stopWhen: isStepCount(3),
    tools: {
      weather: tool({
        description: 'weather',
        inputSchema: z.object({ city: z.string() }),
        execute: () => {
          primary.fail(down, down)
          return 'clear'
        },
      }),
    },
  })
}

describe('an agent', () => {
  it.each(PAIRS)('whose tool loop begins at %s and goes on at %s gives a whole text', async (from, to) => {
    const result = await agentOf(modelOf(from, to)).generate({ prompt: 'The weather?' })
    expect(result.text).toContain('You asked')
    expect(new Set(receiptsOf(result).map(({ target }) => target)).size).toBe(2)
  })

  it.each(PAIRS)('that streams from %s and then from %s gives a whole text', async (from, to) => {
    const result = await agentOf(modelOf(from, to)).stream({ prompt: 'The weather?' })
    expect(await result.text).toContain('You asked')
    expect(new Set((await receiptsOf(result)).map(({ target }) => target)).size).toBe(2)
  })

  it('that is cut in its last step gives a typed error, and no short text', async () => {
    // The agent prints errors of its stream.
    const print = vi.spyOn(console, 'error').mockReturnValue(undefined)
    onTestFinished(() => print.mockRestore())
    const result = await agentOf(modelOf('google', 'anthropic')).stream({ prompt: 'The weather?' })
    backup.fail({ type: 'stream-cut', afterEvents: 8 })
    await expect(result.text).rejects.toMatchObject({ code: 'stream_incomplete' })
  })

  it('sends a browser neither receipts nor labels', async () => {
    const agent = agentOf(modelOf('responses', 'google'))
    const uiMessages = [
      { id: '1', role: 'user' as const, parts: [{ type: 'text' as const, text: 'The weather?' }] },
    ]
    const chunks: unknown[] = []
    for await (const chunk of await createAgentUIStream({ agent, uiMessages })) chunks.push(chunk)
    expect(JSON.stringify(chunks)).toContain('tool-output-available')
    expect(JSON.stringify(chunks)).not.toMatch(/"harbor":|acme|attempts|upstreamCalls|\/gpt|\/gemini/)
  })
})

describe('structured output', () => {
  const output = Output.object({ schema: z.object({ city: z.string(), days: z.array(z.number()) }) })
  const call = (model: LanguageModelV4) => ({
    model,
    output,
    prompt: 'Where?',
    maxRetries: 0,
    maxOutputTokens: 4_000,
  })

  const isWhole = (result: { output: { days: number[] } }): void => {
    expect(Array.isArray(result.output.days)).toBe(true)
    expect(receiptOf(result)?.target).toMatch(/^\w+/)
  }

  it.each(PAIRS)('comes whole from the second when %s is down or answers cut JSON (%s)', async (from, to) => {
    for (const fault of [down, { type: 'broken-json' } as const]) {
      primary.reset()
      primary.fail(fault, fault)
      isWhole(await generateText(call(modelOf(from, to, { attemptsBeforeFallback: 1 }))))
    }
  })

  it('comes whole from the second when the first hangs, for every pair', async () => {
    primary.fail(...PAIRS.map(() => ({ type: 'hang' }) as const))
    const options = { timeouts: { attemptMs: ATTEMPT_MS }, attemptsBeforeFallback: 1 }
    const calls = () =>
      Promise.all(PAIRS.map(async ([from, to]) => await generateText(call(modelOf(from, to, options)))))
    for (const result of await whileHanging(primary, PAIRS.length, calls)) isWhole(result)
  })

  it.each(VENDORS)('of a stream of %s that is cut rejects with a typed error', async (from) => {
    primary.fail({ type: 'stream-cut', afterEvents: 9 })
    const result = streamText({ ...call(modelOf(from, from)), onError: () => undefined })
    const outcome = await Promise.resolve(result.output).catch((error: unknown) => error)
    expect(outcome).toMatchObject({ code: 'stream_incomplete' })
  })
})

describe('embedMany', () => {
  const values = Array.from({ length: 50 }, (_, index) => `value ${index}`)
  const accounts = () =>
    [primary, backup].map(({ baseURL }) =>
      createOpenAI({ baseURL, apiKey: 'sk-secret' }).embedding('text-embedding-3-small'),
    )

  async function isOfSecond(result: Awaited<ReturnType<typeof embedMany>>): Promise<void> {
    const alone = await embedMany({ model: accounts()[1] as ReturnType<typeof accounts>[0], values })
    expect(result.embeddings).toEqual(alone.embeddings)
    expect(receiptsOf(result)).toMatchObject([{ target: expect.stringContaining('#2') as string }])
  }

  it.each([
    ['is down', down],
    ['resets the connection', { type: 'reset' }],
    ['answers with broken JSON', { type: 'broken-json' }],
  ] as const)('returns a vector of each value when the first account %s', async (_, fault) => {
    primary.fail(fault, fault)
    const options = { retry, attemptsBeforeFallback: 1 }
    const model = createFallbackEmbeddingModel({ models: accounts(), ...options })
    await isOfSecond(await embedMany({ model, values, maxRetries: 0 }))
  })

  it('returns a vector of each value when the first account hangs', async () => {
    primary.fail({ type: 'hang' })
    const options = { retry, attemptMs: ATTEMPT_MS, attemptsBeforeFallback: 1 }
    const model = createFallbackEmbeddingModel({ models: accounts(), ...options })
    await isOfSecond(await whileHanging(primary, 1, () => embedMany({ model, values, maxRetries: 0 })))
  })
})

describe('middleware around a fallback model', () => {
  const around = (
    middleware: LanguageModelMiddleware | LanguageModelMiddleware[],
    ...models: MockLanguageModelV4[]
  ) => wrapLanguageModel({ model: createFallbackModel({ models, retry }), middleware })

  it('extracts the reasoning of the model that answered', async () => {
    const model = around(
      extractReasoningMiddleware({ tagName: 'think' }),
      mock('a', apiError(503)),
      mock('b', '<think>hm</think>yes'),
    )
    const result = await generateText({ model, prompt: 'x', maxRetries: 0 })
    expect([result.finalStep.reasoningText, result.text]).toEqual(['hm', 'yes'])
    expect(receiptOf(result)).toMatchObject({ target: 'mock/b' })
    const streamed = streamText({ model, prompt: 'x', maxRetries: 0 })
    expect(await streamed.text).toBe('yes')
    expect(await receiptOf(streamed)).toMatchObject({ target: 'mock/b' })
  })

  it('sets default settings, of Harbor too', async () => {
    const only = mock('a', 'hi')
    const settings = { temperature: 0.5, providerOptions: { harbor: { labels: { tenant: 'acme' } } } }
    const result = await generateText({
      model: around(defaultSettingsMiddleware({ settings }), only),
      prompt: 'x',
      maxRetries: 0,
    })
    expect(only.doGenerateCalls[0]).toMatchObject({ temperature: 0.5 })
    expect(only.doGenerateCalls[0]?.providerOptions).toBeUndefined()
    expect(receiptOf(result)?.labels).toEqual({ tenant: 'acme' })
  })

  it('simulates streams, with the receipt on the finish part only', async () => {
    const result = streamText({
      model: around(simulateStreamingMiddleware(), mock('a', apiError(500)), mock('b', 'hi')),
      prompt: 'x',
      maxRetries: 0,
    })
    expect(await result.text).toBe('hi')
    expect(await receiptOf(result)).toMatchObject({ target: 'mock/b' })
  })
})

describe('models of version 2 of the specification', () => {
  const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
  const started: LanguageModelV2StreamPart[] = [
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: '0' },
  ]
  const hi: LanguageModelV2StreamPart[] = [...started, { type: 'text-delta', id: '0', delta: 'hi' }]
  const finish = (finishReason: 'stop' | 'unknown'): LanguageModelV2StreamPart => ({
    type: 'finish',
    finishReason,
    usage,
  })

  function v2(modelId: string, parts: LanguageModelV2StreamPart[], error?: Error): LanguageModelV2 {
    return {
      specificationVersion: 'v2',
      provider: 'old',
      modelId,
      supportedUrls: {},
      doGenerate: () =>
        error
          ? Promise.reject(error)
          : Promise.resolve({
              content: [{ type: 'text', text: 'hi' }],
              finishReason: 'stop',
              usage,
              warnings: [],
            }),
      doStream: () => Promise.resolve({ stream: ReadableStream.from(parts) }),
    }
  }

  it('fail over to each other and to one of version 4', async () => {
    const broken = v2('down', started, apiError(503))
    for (const second of [v2('up', [...hi, finish('stop')]), mock('up', 'hi')]) {
      const model = createFallbackModel({ models: [broken, second], retry })
      expect((await generateText({ model, prompt: 'x', maxRetries: 0 })).text).toBe('hi')
      const streamed = streamText({ model, prompt: 'x', maxRetries: 0 })
      expect(await streamed.text).toBe('hi')
      expect((await receiptOf(streamed))?.target).toContain('up')
    }
  })

  it.each([
    ['end', hi],
    ['finish without a reason', [...hi, finish('unknown')]],
  ])('that %s after their first content give a typed error', async (_, parts) => {
    const model = createFallbackModel({ models: [v2('cut', parts)] })
    const result = streamText({ model, prompt: 'x', maxRetries: 0, onError: () => undefined })
    await expect(result.text).rejects.toMatchObject({ code: 'stream_incomplete' })
  })
})
