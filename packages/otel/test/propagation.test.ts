import { context, propagation, trace, type Span } from '@opentelemetry/api'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTelemetry } from '../src/index.ts'
import { harborFor, HELLO, simulate, traced } from './helpers/clients.ts'
import { recording, treeOf } from './helpers/recording.ts'

/** Traces undici's requests, before or after the observer is created. */
const ORDERS = [
  'no instrumentation',
  'an instrumentation enabled before',
  'an instrumentation enabled after',
] as const

async function client(order: (typeof ORDERS)[number], propagate: boolean) {
  const provider = await simulate()
  const recorded = recording()
  const { tracerProvider } = recorded
  const instrument = (): void => {
    const instrumentation = new UndiciInstrumentation()
    instrumentation.setTracerProvider(tracerProvider)
    instrumentation.enable()
    onTestFinished(() => {
      instrumentation.disable()
    })
  }
  if (order.endsWith('before')) instrument()
  const harbor = harborFor(provider, { telemetry: openTelemetry({ tracerProvider, propagate }) })
  if (order.endsWith('after')) instrument()
  const sent = (): unknown[] => provider.requests().map(({ headers }) => headers['traceparent'])
  return { ...recorded, harbor, provider, sent }
}

describe.each(ORDERS)('traceparent with %s', (order) => {
  it('is not sent without propagate', async () => {
    const { harbor, sent, spans, provider } = await client(order, false)
    await harbor.chat.completions.create(HELLO)
    expect(sent()).toEqual([undefined])
    expect(provider.requests()[0]?.headers).not.toHaveProperty('tracestate')
    const http = order === 'no instrumentation' ? [] : ['  POST CLIENT']
    expect(treeOf(spans())).toEqual(['chat gpt-4 CLIENT', ...http])
  })

  it('is sent once with propagate: that of the attempt', async () => {
    const { harbor, sent, spans } = await client(order, true)
    await harbor.chat.completions.create(HELLO)
    const call = spans()
      .find(({ name }) => name === 'chat gpt-4')
      ?.spanContext()
    expect(sent()).toEqual([`00-${call?.traceId ?? ''}-${call?.spanId ?? ''}-01`])
  })

  it('is sent as the caller has written it', async () => {
    const { harbor, sent, tracerProvider } = await client(order, false)
    const own = '00-11111111111111111111111111111111-2222222222222222-01'
    await harbor.chat.completions.create(HELLO, { headers: { traceparent: own } })
    const injected = await tracerProvider.getTracer('app').startActiveSpan('app', async (span: Span) => {
      const headers: Record<string, string> = {}
      propagation.inject(context.active(), headers)
      await harbor.chat.completions.create(HELLO, { headers })
      span.end()
      return headers['traceparent']
    })
    expect(injected).toMatch(/^00-/)
    expect(sent()).toEqual([own, injected])
  })
})

describe('requests of others', () => {
  it('keep the headers of an instrumentation', async () => {
    const { provider, tracerProvider, sent } = await client('an instrumentation enabled before', false)
    await tracerProvider.getTracer('app').startActiveSpan('app', async (span: Span) => {
      await fetch(`${provider.baseURL}/models`)
      span.end()
    })
    expect(sent()).toEqual([expect.stringMatching(/^00-/)])
  })
})

describe('a call below a remote parent', () => {
  it('belongs to its trace, also where it is not sampled', async () => {
    const { harbor, spans, provider } = await traced({}, { propagate: true })
    const remote = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0, isRemote: true }
    await context.with(trace.setSpanContext(context.active(), remote), () =>
      harbor.chat.completions.create(HELLO),
    )
    expect(spans()).toEqual([])
    expect(provider.requests()[0]?.headers['traceparent']).toMatch(/^00-1{32}-[\da-f]{16}-00$/)
  })
})
