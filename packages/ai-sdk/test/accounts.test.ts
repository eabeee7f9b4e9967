import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { useProviders } from '@harbor/simulator/vitest'
import { generateText, isStepCount, streamText, tool, type ModelMessage } from 'ai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createFallbackModel, receiptsOf, type ModelReceipt } from '../src/index.ts'
import { STRICT, THINKING } from './strict-vendors.ts'

const { primary, backup } = useProviders({ primary: {}, backup: {} })
const down = { type: 'status', status: 503 } as const
const VENDORS = ['responses', 'anthropic', 'google'] as const

/** Two models of one vendor with two accounts. Neither account accepts what the other one has written. */
function twoAccounts(vendor: (typeof VENDORS)[number]): LanguageModelV4[] {
  return [STRICT[vendor](primary, []), STRICT[vendor](backup, [])]
}

const ask = (content: string): ModelMessage => ({ role: 'user', content })

function settings(model: LanguageModelV4, messages: ModelMessage[], onTool: () => void) {
  const execute = () => {
    onTool()
    return 'clear'
  }
  return {
    model,
    messages,
    maxRetries: 0,
    maxOutputTokens: 4_000,
    providerOptions: THINKING,
    stopWhen: isStepCount(4),
    tools: {
      weather: tool({ description: 'weather', inputSchema: z.object({ city: z.string() }), execute }),
    },
  }
}

async function run(method: 'generateText' | 'streamText', options: ReturnType<typeof settings>) {
  if (method === 'streamText') {
    const result = streamText(options)
    return { text: await result.text, receipts: await receiptsOf(result) }
  }
  const result = await generateText(options)
  return { text: result.text, receipts: receiptsOf(result) }
}

const sentTo = (receipts: readonly ModelReceipt[]): string[] =>
  receipts.flatMap(({ attempts }) =>
    attempts.map(({ target, outcome }) => `${target.slice(-2) === '#2' ? 'second' : 'first'} ${outcome}`),
  )

describe.each(VENDORS)('two accounts of %s', (vendor) => {
  it.each(['generateText', 'streamText'] as const)(
    'continue a tool loop of the other one in %s',
    async (method) => {
      const model = createFallbackModel({
        models: twoAccounts(vendor),
        retry: { baseDelayMs: 1 },
        breaker: false,
      })
      const options = settings(model, [ask('The weather?')], () => primary.fail(down, down))
      const { text, receipts } = await run(method, options)
      expect(text).toContain('You asked')
      expect(sentTo(receipts)).toEqual([
        'first answered',
        'first failed',
        'first failed',
        'second failed',
        'second answered',
      ])
      expect(receipts.at(-1)?.attempts.at(-1)?.adaptations.join()).toMatch(/removed/)
      expect(model.stats().targets[1]).toMatchObject({ cooldownMs: 0, circuit: 'closed' })
    },
  )
})

describe('two accounts of OpenAI', () => {
  it('send marks that the other one has refused before no more', async () => {
    const model = createFallbackModel({
      models: twoAccounts('responses'),
      retry: { baseDelayMs: 1 },
      breaker: false,
    })
    await generateText(settings(model, [ask('The weather?')], () => primary.fail(down, down)))
    // A second conversation: its first answer comes from the first account, its second one from the other.
    const one = await generateText(settings(model, [ask('A harbour?')], () => undefined))
    primary.fail(down, down)
    const two = await generateText(
      settings(model, [ask('A harbour?'), ...one.responseMessages, ask('Another one?')], () => undefined),
    )
    expect(sentTo(receiptsOf(one))).toEqual(['first answered'])
    expect(sentTo(receiptsOf(two))).toEqual(['first failed', 'first failed', 'second answered'])
  })

  it('keep the marks of an account for itself', async () => {
    const sent: string[] = []
    const models = [STRICT.responses(primary, sent), STRICT.responses(backup, [])]
    const model = createFallbackModel({ models })
    const result = await generateText(settings(model, [ask('The weather?')], () => undefined))
    expect(sentTo(receiptsOf(result))).toEqual(['first answered', 'first answered'])
    expect(sent.at(-1)).toMatch(/"(?:rs|fc)_/)
  })

  it.each([
    [
      400,
      {
        message: 'The encrypted content could not be verified.',
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_encrypted_content',
      },
    ],
    [
      404,
      {
        message: "Item with id 'rs_1' not found.",
        type: 'invalid_request_error',
        param: 'input',
        code: null,
      },
    ],
  ])('continue after a %i about the conversation, without a cooldown', async (status, error) => {
    const bodies: string[] = []
    const fetch: typeof globalThis.fetch = (_, init) => {
      bodies.push(typeof init?.body === 'string' ? init.body : '')
      return Promise.resolve(Response.json({ error }, { status }))
    }
    const broken = createOpenAI({ apiKey: 'k', fetch })('gpt-5')
    const model = createFallbackModel({ models: [broken, STRICT.responses(backup, [])], breaker: false })
    const call = model.doGenerate({
      prompt: [
        { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: '', providerOptions: { openai: { itemId: 'rs_1' } } },
            { type: 'text', text: 'Hello' },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      ],
    })
    await expect(Promise.resolve(call)).rejects.toMatchObject({ statusCode: status })
    expect(bodies.map((body) => body.includes('rs_1'))).toEqual([true, false])
    expect(model.stats().targets[0]).toMatchObject({ cooldownMs: 0 })
  })

  it('send an invalid request without marks only once', async () => {
    primary.fail({ type: 'status', status: 400 }, { type: 'status', status: 400 })
    const model = createFallbackModel({ models: twoAccounts('responses') })
    await expect(generateText(settings(model, [ask('Hi')], () => undefined))).rejects.toMatchObject({
      statusCode: 400,
    })
    expect(primary.counts().calls).toBe(1)
  })
})
