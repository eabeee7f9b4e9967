import { context, propagation, SpanKind, type SpanContext } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import { onTestFinished } from 'vitest'

/** The spans that a test has recorded. */
export interface Recording {
  readonly tracerProvider: TracerProvider
  /** The spans that have ended, in the order of their start. */
  spans(): readonly ReadableSpan[]
  /** The spans that have started and not ended. */
  open(): number
}

/** Registers a context manager and the W3C propagator until the test is over. */
export function withContext(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  onTestFinished(() => {
    context.disable()
    propagation.disable()
  })
}

/** Records spans until the test is over, with a context manager and the W3C propagator. */
export function recording(options: { readonly sampler?: Sampler } = {}): Recording {
  withContext()
  return recorder(options)
}

/** Records spans until the test is over. */
export function recorder(options: { readonly sampler?: Sampler } = {}): Recording {
  const exporter = new InMemorySpanExporter()
  let started = 0
  let ended = 0
  const count = {
    onStart: () => {
      started++
    },
    onEnd: () => {
      ended++
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const tracerProvider = new TracerProvider({
    ...options,
    spanProcessors: [new SimpleSpanProcessor({ exporter }), count],
  })
  onTestFinished(() => tracerProvider.shutdown())
  return {
    tracerProvider,
    spans: () => exporter.getFinishedSpans().toSorted((one, other) => startOf(one) - startOf(other)),
    open: () => started - ended,
  }
}

/** The start of a span, in milliseconds since the epoch. */
export function startOf({ startTime: [seconds, nanos] }: ReadableSpan): number {
  return seconds * 1e3 + nanos / 1e6
}

/** The duration of a span, in milliseconds. */
export function msOf({ duration: [seconds, nanos] }: ReadableSpan): number {
  return seconds * 1e3 + nanos / 1e6
}

/** A tree of spans as text: the name, kind and one attribute of each, with those of its children indented. */
export function treeOf(spans: readonly ReadableSpan[], ...attributes: readonly string[]): readonly string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId))
  const below = (parent: SpanContext | undefined, depth: string): readonly string[] =>
    spans
      .filter(({ parentSpanContext: own }) =>
        parent ? own?.spanId === parent.spanId : !own || !ids.has(own.spanId),
      )
      .flatMap((span) => [
        [
          `${depth}${span.name} ${SpanKind[span.kind]}`,
          ...attributes.flatMap((name) => (name in span.attributes ? [String(span.attributes[name])] : [])),
        ].join(' '),
        ...below(span.spanContext(), `${depth}  `),
      ])
  return below(undefined, '')
}
