import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { createFallbackModel, receiptOf } from '../src/index.ts'
import { apiError, mock } from './mock-models.ts'

const retry = { baseDelayMs: 1 }

/** A model of the list under the name of a real provider. */
function named(
  provider: string,
  modelId: string,
  ...steps: Parameters<typeof mock> extends [string, ...infer Rest] ? Rest : never
) {
  return Object.assign(mock(modelId, ...steps), { provider }) as MockLanguageModelV4
}

const openai = (...steps: (string | Error)[]) => named('openai.responses', 'gpt-5', ...steps)
const anthropic = (...steps: (string | Error)[]) => named('anthropic.messages', 'claude-sonnet-4-6', ...steps)

const REASONED: LanguageModelV4Prompt = [
  { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
  {
    role: 'assistant',
    content: [
      { type: 'reasoning', text: 'hm', providerOptions: { openai: { itemId: 'rs_1' } } },
      {
        type: 'tool-call',
        toolCallId: 'call_1',
        toolName: 'weather',
        input: {},
        providerOptions: { openai: { itemId: 'fc_1' } },
      },
    ],
  },
  {
    role: 'tool',
    content: [
      {
        type: 'tool-result',
        toolCallId: 'call_1',
        toolName: 'weather',
        output: { type: 'text', value: 'sunny' },
      },
    ],
  },
]
const ADAPTATIONS = ['openai: reasoning removed', 'openai: marks removed']

const STORED: LanguageModelV4Prompt = [
  {
    role: 'user',
    content: [
      {
        type: 'file',
        mediaType: 'application/pdf',
        data: { type: 'reference', reference: { openai: 'file-1' } },
      },
    ],
  },
]

const METHODS: readonly [
  'doGenerate' | 'doStream',
  (model: LanguageModelV4, options: LanguageModelV4CallOptions) => Promise<unknown>,
][] = [
  ['doGenerate', async (model, options) => receiptOf(await model.doGenerate(options))],
  [
    'doStream',
    async (model, options) => {
      let last: unknown
      for await (const part of (await model.doStream(options)).stream) last = part
      return receiptOf(last)
    },
  ],
]

describe.each(METHODS)('%s of a fallback model', (method, call) => {
  const prompts = (model: MockLanguageModelV4) =>
    (method === 'doGenerate' ? model.doGenerateCalls : model.doStreamCalls).map(({ prompt }) => prompt)

  it('sends each target the prompt adapted to it, and lists the adaptations in the receipt', async () => {
    const [first, second] = [openai(apiError(503)), anthropic(apiError(503), 'sunny')]
    const receipt = await call(createFallbackModel({ models: [first, second], retry }), { prompt: REASONED })
    expect(prompts(first)).toEqual([REASONED, REASONED])
    expect(prompts(second)).toHaveLength(2)
    for (const prompt of prompts(second)) {
      expect(JSON.stringify(prompt)).not.toMatch(/rs_1|fc_1|reasoning/)
      expect(JSON.stringify(prompt)).toContain('sunny')
    }
    expect(receipt).toMatchObject({
      attempts: [
        { target: 'openai.responses/gpt-5', adaptations: [] },
        { target: 'openai.responses/gpt-5', adaptations: [] },
        { target: 'anthropic.messages/claude-sonnet-4-6', adaptations: ADAPTATIONS },
        { target: 'anthropic.messages/claude-sonnet-4-6', adaptations: ADAPTATIONS },
      ],
    })
  })

  it('adapts the prompt of a hedge', async () => {
    const [first, second] = [openai('hang'), anthropic('sunny')]
    const model = createFallbackModel({ models: [first, second], hedge: { afterMs: 5, maxExtraRatio: 1 } })
    const receipt = await call(model, { prompt: REASONED })
    expect(prompts(first)).toEqual([REASONED])
    expect(JSON.stringify(prompts(second))).not.toMatch(/rs_1|fc_1/)
    expect(receipt).toMatchObject({
      attempts: [{ adaptations: [] }, { reason: 'hedge', adaptations: ADAPTATIONS }],
    })
  })

  it('passes on the very prompt if nothing in it has to change', async () => {
    const first = openai('sunny')
    await call(createFallbackModel({ models: [first, anthropic('')] }), { prompt: REASONED })
    expect(prompts(first)[0]).toBe(REASONED)
  })

  it('skips a target that cannot answer the prompt, and says why', async () => {
    const [first, second] = [anthropic('no'), openai('yes')]
    const receipt = await call(createFallbackModel({ models: [first, second] }), { prompt: STORED })
    expect(prompts(first)).toHaveLength(0)
    expect(prompts(second)).toHaveLength(1)
    expect(receipt).toMatchObject({ target: 'openai.responses/gpt-5', upstreamCalls: 1 })
    expect(JSON.stringify(receipt)).toContain('a file of the prompt is stored at openai')
  })

  it('fails with an error that names the reasons when no target can answer the prompt', async () => {
    const models = [anthropic('no'), named('google.generative-ai', 'gemini-2.5-pro', 'no')]
    const error: unknown = await call(createFallbackModel({ models }), { prompt: STORED }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'all_targets_failed' })
    expect((error as Error).message.match(/a file of the prompt is stored at openai/g)).toHaveLength(2)
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', upstreamCalls: 0 })
  })

  it('waits for the only target that can answer, instead of leaving it for one that cannot', async () => {
    const [first, second] = [openai(apiError(429, { 'retry-after-ms': '200' }), 'yes'), anthropic('no')]
    const receipt = await call(createFallbackModel({ models: [first, second] }), { prompt: STORED })
    expect(receipt).toMatchObject({ target: 'openai.responses/gpt-5', upstreamCalls: 2 })
  })
})
