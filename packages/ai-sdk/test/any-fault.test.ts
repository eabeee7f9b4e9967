import { AllTargetsFailedError } from '@harbor/fallback'
import type { Fault } from '@harbor/simulator'
import { useProviders } from '@harbor/simulator/vitest'
import { generateText, Output, streamText, toUIMessageStream, type LanguageModel } from 'ai'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createFallbackModel, StreamIncompleteError, type ModelReceipt } from '../src/index.ts'
import { PLAIN } from './strict-vendors.ts'

const { primary, backup } = useProviders({ primary: {}, backup: {} })

const LABEL = 'acme-tenant'
const harbor = { labels: { tenant: LABEL }, session: 'chat-17' }
const output = Output.object({ schema: z.object({ city: z.string(), sights: z.array(z.string()) }) })
const call = (model: LanguageModel) => ({
  model,
  prompt: 'Tell me about the harbour of Genoa, at length',
  maxRetries: 0,
  maxOutputTokens: 4_000,
  providerOptions: { harbor },
  onError: () => undefined,
})

/** Reads a stream as an application does. Returns its text, or throws the error that the application gets. */
async function textOf(stream: AsyncIterable<{ type: string }>): Promise<string> {
  let text = ''
  for await (const part of stream) {
    const facts = part as { type: string; text?: string; delta?: string; error?: unknown; errorText?: string }
    if (part.type === 'error') throw facts.error ?? new BrowserError(facts.errorText)
    if (part.type === 'text-delta') text += facts.text ?? facts.delta ?? ''
  }
  return text
}

/** What a browser gets in place of an error, which `ai` hides from it. */
class BrowserError extends Error {}

/** The ways in which an application calls a model, each with the text that it ends up with. */
const WAYS: Readonly<Record<string, (model: LanguageModel) => PromiseLike<string>>> = {
  generateText: async (model) => (await generateText(call(model))).text,
  'generateText with an object': async (model) =>
    JSON.stringify((await generateText({ ...call(model), output })).output),
  'the text of streamText': async (model) => await streamText(call(model)).text,
  'the parts of streamText': (model) => textOf(streamText(call(model)).stream),
  'streamText with an object': async (model) => {
    const result = streamText({ ...call(model), output })
    return JSON.stringify(await result.output)
  },
  'a browser': async (model) => {
    const chunks: { type: string }[] = []
    const stream = toUIMessageStream({
      stream: streamText(call(model)).stream,
      sendReasoning: true,
      sendSources: true,
    })
    for await (const chunk of stream) chunks.push(chunk)
    expect(JSON.stringify(chunks)).not.toMatch(
      /harbor|acme|chat-17|attempts|upstream|\/gpt|\/claude|\/gemini/,
    )
    return await textOf(
      (async function* () {
        yield* chunks
      })(),
    )
  },
}

const events = fc.integer({ min: 0, max: 12 })
const flag = fc.boolean()
/** Everything that can go wrong, except what looks like a whole answer on the wire. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    type: fc.constant('status' as const),
    status: fc.constantFrom(500, 502, 503, 429, 401, 404, 408),
  }),
  fc.record({
    type: fc.constantFrom(
      'overloaded',
      'html-200',
      'empty-body',
      'broken-json',
      'error-200',
      'no-end',
      'refuse',
    ),
  }),
  fc.record({
    type: fc.constant('reset' as const),
    when: fc.constantFrom('before-headers' as const, 'after-headers' as const),
  }),
  fc.record({ type: fc.constant('stream-cut' as const), afterEvents: events, inside: flag, reset: flag }),
  fc.record({
    type: fc.constantFrom('stream-end' as const, 'stream-garbage' as const, 'stream-error' as const),
    afterEvents: events,
  }),
  fc.record({ type: fc.constant('stream-stall' as const), afterEvents: events, inside: flag }),
  fc.record({ type: fc.constant('split' as const), bytes: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ type: fc.constantFrom('gzip', 'crlf', 'no-done', 'hang') }),
)

const vendor = fc.constantFrom('responses', 'chat', 'anthropic', 'google')

/** The whole answer of each vendor, by way: equal requests get equal answers. */
const whole = new Map<string, Promise<string>>()

const isTyped = (error: unknown): boolean =>
  AllTargetsFailedError.is(error) ||
  StreamIncompleteError.is(error) ||
  error instanceof BrowserError ||
  (error instanceof Error && error.name.startsWith('AI_'))

describe.each(Object.keys(WAYS))('the answer that %s gets', (way) => {
  const run = WAYS[way] as (model: LanguageModel) => PromiseLike<string>

  async function wholeOf(name: keyof typeof PLAIN): Promise<string> {
    const key = `${way} ${name}`
    const known = whole.get(key) ?? Promise.resolve(run(PLAIN[name](primary)))
    whole.set(key, known)
    return await known
  }

  it('is whole, or a typed error, whatever happens at two vendors', async () => {
    const outcomes = { whole: 0, error: 0 }
    await fc.assert(
      fc.asyncProperty(
        vendor,
        vendor,
        fc.array(fault, { maxLength: 3 }),
        fc.array(fault, { maxLength: 2 }),
        async (first, second, atFirst, atSecond) => {
          primary.reset()
          backup.reset()
          const answers = [await wholeOf(first), await wholeOf(second)]
          primary.fail(...atFirst)
          backup.fail(...atSecond)
          const receipts: ModelReceipt[] = []
          const model = createFallbackModel({
            models: [PLAIN[first](primary), PLAIN[second](backup)],
            retry: { baseDelayMs: 1 },
            timeouts: { attemptMs: 400, idleMs: 400 },
            labels: { app: 'x' },
            on: { end: (receipt) => void receipts.push(receipt) },
          })
          try {
            const text = await run(model)
            expect(answers).toContain(text)
            expect(receipts).toMatchObject([{ outcome: 'success' }])
            outcomes.whole++
          } catch (error) {
            if (!isTyped(error)) throw error
            expect(receipts).toMatchObject([{ outcome: 'failure' }])
            outcomes.error++
          }
          expect(model.stats().inFlight).toBe(0)
        },
      ),
      { numRuns: 25 },
    )
    expect(outcomes.whole).toBeGreaterThan(5)
  })
})
