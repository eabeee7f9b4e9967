import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { useProviders } from '@harbor/simulator/vitest'
import { embedMany, generateText, isStepCount, Output, streamText, tool, ToolLoopAgent } from 'ai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  createFallbackEmbeddingModel,
  createFallbackModel,
  receiptOf,
  receiptsOf,
  type AnyLanguageModel,
} from '../src/index.ts'
import { ATTEMPT_MS, whileHanging } from './while-hanging.ts'

const { primary, backup } = useProviders({ primary: {}, backup: {} })
type Provider = typeof primary

const VENDORS: readonly (readonly [string, (provider: Provider) => AnyLanguageModel])[] = [
  ['openai', ({ baseURL }) => createOpenAI({ baseURL, apiKey: 'sk-secret' })('gpt-5')],
  ['openai chat', ({ baseURL }) => createOpenAI({ baseURL, apiKey: 'sk-secret' }).chat('gpt-5')],
  ['anthropic', ({ baseURL }) => createAnthropic({ baseURL, apiKey: 'sk-secret' })('claude-sonnet-4-6')],
  [
    'google',
    ({ url }) =>
      createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: 'sk-secret' })('gemini-2.5-pro'),
  ],
]
const PAIRS = VENDORS.flatMap(([from, first]) =>
  VENDORS.filter(([to]) => to !== from).map(([to, second]) => [from, to, first, second] as const),
)
const retry = { baseDelayMs: 1 }

describe.each(PAIRS)('failover from %s to %s', (_from, _to, first, second) => {
  const model = () => createFallbackModel({ models: [first(primary), second(backup)], retry })

  it.each([
    ['is down', { type: 'status', status: 503 }],
    ['resets the connection', { type: 'reset' }],
    ['answers with HTML', { type: 'html-200' }],
    ['answers with nothing', { type: 'empty-body' }],
    ['answers with broken JSON', { type: 'broken-json' }],
  ] as const)('gives a whole text when the first %s', async (_, fault) => {
    primary.fail(fault, fault)
    const result = await generateText({ model: model(), prompt: 'Hello', maxRetries: 0 })
    expect(result.text).not.toBe('')
    expect(receiptOf(result)?.upstreamCalls).toBe(3)
    expect(JSON.stringify(receiptsOf(result))).not.toMatch(/sk-secret|Hello|127\.0\.0\.1/)
  })

  it.each([
    ['is down', { type: 'status', status: 503 }],
    ['is cut before its first content', { type: 'stream-cut', afterEvents: 0 }],
    ['ends before its first content', { type: 'stream-end', afterEvents: 0 }],
    ['reports an error first', { type: 'stream-error', afterEvents: 0 }],
  ] as const)('gives a whole stream when the first %s', async (_, fault) => {
    primary.fail(fault, fault)
    const result = streamText({ model: model(), prompt: 'Hello', maxRetries: 0 })
    let text = ''
    for await (const part of result.textStream) text += part
    expect(text).not.toBe('')
    expect(text).toBe(await result.text)
    expect(await receiptOf(result)).toMatchObject({ outcome: 'success', upstreamCalls: 3 })
  })

  it.each(['stream-cut', 'stream-end', 'stream-error'] as const)(
    'gives a typed error after %s in the middle',
    async (type) => {
      primary.fail({ type, afterEvents: 6 })
      const errors: unknown[] = []
      const result = streamText({
        model: model(),
        prompt: 'Tell me a long story about a harbour',
        maxRetries: 0,
        onError: ({ error }) => void errors.push(error),
      })
      const outcome = await result.text.then(
        () => 'whole',
        (error: unknown) => error,
      )
      expect(outcome).toMatchObject({ code: 'stream_incomplete' })
      expect(receiptOf(outcome)).toMatchObject({ outcome: 'failure', upstreamCalls: 1 })
      expect(errors).toContain(outcome)
      expect(backup.counts().calls).toBe(0)
    },
  )
})

it('gives a whole text when the first hangs, for every pair', async () => {
  primary.fail(...PAIRS.map(() => ({ type: 'hang' }) as const))
  const options = { timeouts: { attemptMs: ATTEMPT_MS }, attemptsBeforeFallback: 1 }
  const call = async ([, , first, second]: (typeof PAIRS)[number]) => {
    const model = createFallbackModel({ models: [first(primary), second(backup)], ...options })
    return await generateText({ model, prompt: 'Hello', maxRetries: 0 })
  }
  const results = await whileHanging(primary, PAIRS.length, () => Promise.all(PAIRS.map(call)))
  for (const { text } of results) expect(text).not.toBe('')
})

describe('createFallbackModel', () => {
  it('gives structured output of the second provider', async () => {
    primary.fail({ type: 'status', status: 500 }, { type: 'status', status: 500 })
    const [, [, first], [, second]] = VENDORS as [never, (typeof VENDORS)[0], (typeof VENDORS)[0]]
    const { output } = await generateText({
      model: createFallbackModel({ models: [first(primary), second(backup)], retry }),
      output: Output.object({ schema: z.object({ city: z.string() }) }),
      prompt: 'Where?',
      maxRetries: 0,
    })
    expect(typeof output.city).toBe('string')
  })

  it('embeds many values', async () => {
    primary.fail({ type: 'status', status: 500 }, { type: 'status', status: 500 })
    const models = [primary, backup].map(({ baseURL }) =>
      createOpenAI({ baseURL, apiKey: 'x' }).embedding('text-embedding-3-small'),
    )
    const result = await embedMany({
      model: createFallbackEmbeddingModel({ models, retry }),
      values: ['a', 'b', 'c'],
      maxRetries: 0,
    })
    expect(result.embeddings).toHaveLength(3)
    expect(receiptOf(result)).toMatchObject({ upstreamCalls: 3 })
  })

  it('keeps the steps of a tool loop at the target that answered the step before', async () => {
    primary.fail({ type: 'status', status: 503 }, { type: 'status', status: 503 })
    const [, [, first], [, second]] = VENDORS as [never, (typeof VENDORS)[0], (typeof VENDORS)[0]]
    const agent = new ToolLoopAgent({
      model: createFallbackModel({ models: [first(primary), second(backup)], retry }),
      tools: {
        weather: tool({
          description: 'weather',
          inputSchema: z.object({ city: z.string() }),
          execute: () => 'sunny',
        }),
      },
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
      stopWhen: isStepCount(3),
      maxRetries: 0,
    })
    const result = await agent.generate({ prompt: 'What is the weather?' })
    expect(result.text).not.toBe('')
    const targets = receiptsOf(result).map(({ target }) => target)
    expect(targets).toEqual(['anthropic.messages/claude-sonnet-4-6', 'anthropic.messages/claude-sonnet-4-6'])
    expect(primary.counts().calls).toBe(2)
  })
})
