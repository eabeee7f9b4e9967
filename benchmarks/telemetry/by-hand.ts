import {
  context,
  SpanKind,
  trace,
  type Attributes,
  type MeterProvider,
  type TracerProvider,
} from '@opentelemetry/api'

/** One call as the observer records it: its span, and what is added to metrics. */
export interface RecordedCall {
  readonly name: string
  readonly start: Attributes
  readonly end: Attributes
  readonly records: readonly {
    readonly name: string
    readonly attributes: Attributes
    readonly value: number
    readonly isHistogram: boolean
  }[]
}

/**
 * Records a call without the observer: the same span with the same attributes, and the same metrics. What the observer costs beyond this is
 * its own share.
 */
export function byHand(
  { name, start, end, records }: RecordedCall,
  providers: { readonly tracerProvider: TracerProvider; readonly meterProvider: MeterProvider },
): <T>(call: () => PromiseLike<T>) => Promise<T> {
  const tracer = providers.tracerProvider.getTracer('by hand')
  const meter = providers.meterProvider.getMeter('by hand')
  const adders = records.map(({ name: metric, attributes, value, isHistogram }) => {
    if (isHistogram) {
      const histogram = meter.createHistogram(metric)
      return () => histogram.record(value, attributes)
    }
    const counter = meter.createUpDownCounter(metric)
    return () => counter.add(value, attributes)
  })
  return async (call) => {
    const startTime = performance.timeOrigin + performance.now()
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes: start })
    const answer = await context.with(trace.setSpan(context.active(), span), call)
    span.setAttributes(end)
    span.end(performance.timeOrigin + performance.now())
    for (const add of adders) add()
    return answer
  }
}
