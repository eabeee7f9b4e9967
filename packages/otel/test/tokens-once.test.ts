import { createOpenAI } from '@ai-sdk/openai'
import { OpenTelemetry } from '@ai-sdk/otel'
import { createHarborFetch, receiptOf, type Receipt } from '@harbor/core'
import { SpanKind, trace } from '@opentelemetry/api'
import { generateText } from 'ai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTelemetry } from '../src/index.ts'
import { harborFor, HELLO, simulate, traced } from './helpers/clients.ts'
import { metering, total } from './helpers/metering.ts'
import { recording, type Recording } from './helpers/recording.ts'

const INPUT = 'gen_ai.usage.input_tokens'

/** The input tokens that a backend counts which adds up those of all CLIENT spans. */
function clientTokens({ spans }: Pick<Recording, 'spans'>): number {
  return spans()
    .filter(({ kind }) => kind === SpanKind.CLIENT)
    .reduce((sum, { attributes }) => sum + Number(attributes[INPUT] ?? 0), 0)
}

describe('the tokens of a call', () => {
  it('are counted once for each of two clients', async () => {
    const { tracerProvider, spans } = recording()
    const { meterProvider, collect } = metering()
    const provider = await simulate()
    const telemetry = openTelemetry({ tracerProvider, meterProvider, attemptSpans: 'always' })
    const receipts: (Receipt | undefined)[] = []
    for (let n = 0; n < 2; n++)
      receipts.push(receiptOf(await harborFor(provider, { telemetry }).chat.completions.create(HELLO)))
    const used = receipts.reduce((sum, receipt) => sum + (receipt?.usage?.inputTokens ?? 0), 0)
    expect(used).toBeGreaterThan(0)
    expect(clientTokens({ spans })).toBe(used)
    expect(total(await collect(), 'gen_ai.client.inference.usage.input_tokens').value).toBe(used)
  })

  it('are counted once with the AI SDK and its telemetry above', async () => {
    const { tracerProvider, spans } = recording()
    const { meterProvider, collect } = metering()
    const provider = await simulate()
    const harborFetch = createHarborFetch({
      telemetry: openTelemetry({ tracerProvider, meterProvider }),
      logLevel: 'off',
    })
    onTestFinished(() => harborFetch.close({ graceMs: 0 }))
    const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'key', fetch: harborFetch })
    const { usage } = await generateText({
      model: openai.chat('gpt-4'),
      prompt: 'Say hello.',
      maxRetries: 0,
      telemetry: { integrations: [new OpenTelemetry({ tracer: tracerProvider.getTracer('ai') })] },
    })
    const own = spans().find(({ attributes }) => 'harbor.receipt.id' in attributes)
    const parent = spans().find((span) => span.spanContext().spanId === own?.parentSpanContext?.spanId)
    expect(parent?.attributes).toMatchObject({ 'gen_ai.operation.name': 'chat', [INPUT]: usage.inputTokens })
    expect(own?.kind).toBe(SpanKind.INTERNAL)
    expect(usage.inputTokens).toBeGreaterThan(0)
    expect(clientTokens({ spans })).toBe(usage.inputTokens)
    expect(total(await collect(), 'gen_ai.client.inference.usage.input_tokens').value).toBe(usage.inputTokens)
  })

  it('are counted once below a span of another instrumentation of the client', async () => {
    const { harbor, spans, tracerProvider } = await traced()
    // The span that instrumentations of the OpenAI SDK make: their current versions do not patch version 7 of the SDK.
    const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai' }
    const options = { kind: SpanKind.CLIENT, attributes }
    const used = await tracerProvider
      .getTracer('openai')
      .startActiveSpan('chat gpt-4', options, async (span) => {
        const reply = await harbor.chat.completions.create(HELLO)
        span.setAttribute(INPUT, reply.usage?.prompt_tokens ?? 0)
        span.end()
        return reply.usage?.prompt_tokens
      })
    expect(clientTokens({ spans })).toBe(used)
    expect(trace.getActiveSpan()).toBeUndefined()
  })
})
