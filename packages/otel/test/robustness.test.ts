import { receiptOf } from '@harbor/core'
import { context, diag, DiagLogLevel, metrics, propagation, trace, type Context } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  SimpleSpanProcessor,
  TracerProvider,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTelemetry, type OpenTelemetryOptions } from '../src/index.ts'
import { harborFor, HELLO, simulate, status } from './helpers/clients.ts'
import { metering } from './helpers/metering.ts'
import { recording, withContext } from './helpers/recording.ts'

const fail = (): never => {
  throw new Error('OpenTelemetry')
}
const reject = (): Promise<never> => Promise.reject(new Error('OpenTelemetry'))
const resolve = (): Promise<void> => Promise.resolve()
const processor = (changes: Partial<SpanProcessor>): SpanProcessor => ({
  ...{ onStart: () => undefined, onEnd: () => undefined, forceFlush: resolve, shutdown: resolve },
  ...changes,
})
const withProcessor = (changes: Partial<SpanProcessor>): OpenTelemetryOptions => ({
  tracerProvider: new TracerProvider({ spanProcessors: [processor(changes)] }),
})
const exporter = { export: fail, shutdown: resolve, forceFlush: resolve }
const metered = (instrument: object): OpenTelemetryOptions => {
  const meter = new Proxy({}, { get: () => () => new Proxy(instrument, { get: () => fail }) })
  return { meterProvider: { getMeter: () => meter } as never }
}

const WRONG: Readonly<Record<string, () => OpenTelemetryOptions>> = {
  'a sampler': () => ({
    tracerProvider: new TracerProvider({ sampler: { shouldSample: fail, toString: () => 'wrong' } }),
  }),
  'a processor, at the start of spans': () => withProcessor({ onStart: fail }),
  'a processor, at the end of spans': () => withProcessor({ onEnd: fail }),
  'an exporter': () => ({
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  }),
  'an exporter, later': () => ({
    tracerProvider: new TracerProvider({
      spanProcessors: [
        new SimpleSpanProcessor({
          exporter: { ...exporter, export: () => void reject().catch(() => undefined) },
        }),
      ],
    }),
  }),
  'a tracer provider': () => ({ tracerProvider: { getTracer: fail } }),
  'a tracer': () => ({ tracerProvider: { getTracer: () => ({ startSpan: fail, startActiveSpan: fail }) } }),
  'a meter provider': () => ({ meterProvider: { getMeter: fail } }),
  'a meter': () => ({ meterProvider: { getMeter: () => new Proxy({}, { get: () => fail }) as never } }),
  'an instrument': () => metered({}),
  'a propagator': () => {
    propagation.disable()
    propagation.setGlobalPropagator({ inject: fail, extract: fail, fields: fail })
    return { propagate: true }
  },
  'a context manager': () => {
    context.disable()
    const own = { active: fail, with: fail, bind: fail, enable: fail, disable: () => own }
    context.setGlobalContextManager(own as never)
    return {}
  },
  'the diagnostic logger': () => {
    diag.setLogger({ debug: fail, error: fail, info: fail, verbose: fail, warn: fail }, DiagLogLevel.ERROR)
    return withProcessor({ onStart: fail, onEnd: fail })
  },
}

describe('a part of OpenTelemetry that throws', () => {
  it.each(Object.entries(WRONG))('changes no call and causes no warning: %s', async (_, wrong) => {
    const warnings: Error[] = []
    const note = (warning: Error): void => {
      warnings.push(warning)
    }
    process.on('warning', note)
    onTestFinished(() => {
      process.off('warning', note)
      diag.disable()
    })
    const recorded = recording()
    const { tracerProvider } = recorded
    const telemetry = openTelemetry({ tracerProvider, attemptSpans: 'always', ...wrong() })
    const provider = await simulate()
    const harbor = harborFor(provider, { telemetry })
    provider.fail(status(500))
    const reply = await harbor.chat.completions.create(HELLO)
    expect(reply.choices).toHaveLength(1)
    expect(receiptOf(reply)?.attempts).toHaveLength(2)
    provider.fail(status(400))
    await expect(harbor.chat.completions.create(HELLO)).rejects.toMatchObject({ status: 400 })
    expect(provider.counts().calls).toBe(3)
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    for await (const _chunk of stream);
    expect(receiptOf(stream)?.outcome).toBe('success')
    await new Promise((done) => setImmediate(done))
    expect(warnings).toEqual([])
    await expect.poll(recorded.open).toBe(0)
  })

  it('does not keep the other part from its work: metrics without a tracer', async () => {
    withContext()
    const { meterProvider, collect } = metering()
    const tracerProvider = { getTracer: () => ({ startSpan: fail, startActiveSpan: fail }) }
    const harbor = harborFor(await simulate(), {
      telemetry: openTelemetry({ tracerProvider, meterProvider }),
    })
    await harbor.chat.completions.create(HELLO)
    expect((await collect()).map(({ name }) => name)).toContain('harbor.calls')
  })
})

describe('an observer without an SDK', () => {
  const call = {
    receipt: { id: '1', attempts: [], outcome: 'pending', startedAt: 1 },
    request: { operation: 'chat', provider: 'openai', model: 'm', streaming: false, url: 'http://a/' },
    role: 'call',
  }

  it('leaves calls out', () => {
    expect(openTelemetry().start(call)).toBeUndefined()
  })

  it('records them as soon as an SDK is registered', () => {
    const observer = openTelemetry()
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [] }))
    onTestFinished(() => {
      trace.disable()
    })
    expect(observer.start(call)).toBeDefined()
  })

  it('records metrics alone', () => {
    metrics.setGlobalMeterProvider(new MeterProvider())
    onTestFinished(() => {
      metrics.disable()
    })
    expect(openTelemetry().start(call)).toBeDefined()
  })
})

describe('a call that is not sampled', () => {
  it('has no attributes built, but its requests have its context', async () => {
    const seen: Context[] = []
    const sampler = new AlwaysOffSampler()
    const { tracerProvider, spans } = recording({ sampler })
    const provider = await simulate()
    const harbor = harborFor(provider, {
      telemetry: [
        openTelemetry({ tracerProvider, propagate: true }),
        { start: () => ({ attempt: (_, send) => (seen.push(context.active()), send()) }) },
      ],
    })
    await harbor.chat.completions.create(HELLO)
    expect(spans()).toEqual([])
    expect(seen.map((each) => trace.getSpanContext(each)?.traceFlags)).toEqual([0])
    expect(provider.requests()[0]?.headers['traceparent']).toMatch(/-00$/)
  })
})

describe('an option', () => {
  it.each([
    [{ attemptSpan: 'always' }, 'unknown option attemptSpan; did you mean attemptSpans?'],
    [{ attemptSpans: 'never' }, "attemptSpans must be one of 'when-retried', 'always', got a string"],
    [{ tracerProvider: new AlwaysOnSampler() }, 'tracerProvider must be a TracerProvider, got an object'],
    [{ metricLabels: 'tenant' }, 'metricLabels must be a list of at most 10 names of labels, got a string'],
    [{ propagate: 1 }, 'propagate must be true or false, got 1'],
  ])('is refused if it is unknown or invalid: %j', (options, message) => {
    expect(() => openTelemetry(options as never)).toThrow(new TypeError(message))
  })
})
