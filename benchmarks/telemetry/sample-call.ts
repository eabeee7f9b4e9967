import { Harbor, type AttemptRecord, type CallObserver, type Receipt } from '@harbor/core'
import { openTelemetry } from '@harbor/otel'
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { answerFor } from '../instant-answers.ts'
import type { RecordedCall } from './by-hand.ts'

type Started = Parameters<CallObserver['start']>[0]

/** A call of a client, as its observers see it, and what `openTelemetry()` records of it. */
export interface SampleCall {
  readonly started: Started
  readonly attempt: AttemptRecord
  readonly receipt: Receipt
  readonly recorded: RecordedCall
}

class Reader extends MetricReader {
  protected override onForceFlush = (): Promise<void> => Promise.resolve()
  protected override onShutdown = (): Promise<void> => Promise.resolve()
}

/** Makes one call with one attempt, to a provider in this process. */
export async function sampleCall(): Promise<SampleCall> {
  const exporter = new InMemorySpanExporter()
  const reader = new Reader()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const meterProvider = new MeterProvider({ readers: [reader] })
  let started: Started | undefined
  const watching: CallObserver = {
    start: (call) => {
      started = call
      return undefined
    },
  }
  const { whole } = answerFor('/chat/completions')
  const harbor = new Harbor({
    apiKey: 'key',
    fetch: async () => new Response(whole, { headers: { 'content-type': 'application/json' } }),
    models: { m: { price: { inputPerMillion: 1, outputPerMillion: 1 } } },
    telemetry: [openTelemetry({ tracerProvider, meterProvider }), watching],
  })
  await harbor.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hello' }] })
  const [span] = exporter.getFinishedSpans()
  const attempt = started?.receipt.attempts[0]
  if (!span || !started || !attempt) throw new Error('The call was not observed.')
  const entries = Object.entries(span.attributes)
  // The observer sets the attributes up to the server's port at the start.
  const atStart = entries.findIndex(([name]) => name === 'server.port') + 1
  const recorded = {
    name: span.name,
    start: Object.fromEntries(entries.slice(0, atStart)),
    end: Object.fromEntries(entries.slice(atStart)),
    records: await recordsOf(reader),
  }
  await harbor.close()
  await meterProvider.shutdown()
  return { started, attempt, receipt: started.receipt, recorded }
}

/** What was added to each metric. */
async function recordsOf(reader: MetricReader): Promise<RecordedCall['records']> {
  const { resourceMetrics } = await reader.collect()
  return resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ dataPointType }) => dataPointType !== DataPointType.GAUGE)
    .flatMap(({ descriptor: { name }, dataPoints }) =>
      dataPoints.flatMap(({ attributes, value }) => {
        if (typeof value !== 'number') return [{ name, attributes, value: value.sum ?? 0, isHistogram: true }]
        const record = { name, attributes, value, isHistogram: false }
        // A request in flight is added, and taken away again.
        return name === 'harbor.in_flight' ? [1, -1].map((by) => ({ ...record, value: by })) : [record]
      }),
    )
}
