/**
 * What the observer of `@harbor/otel` costs for a call: without an SDK of OpenTelemetry, with one that does not sample the call, and with one
 * that records its span and metrics, compared with the same span and metrics made by hand. The observer gets what a client reports of a real
 * call; the call itself is not made again. CPU time is measured, which other load on the machine changes less than the time on the clock.
 *
 *     pnpm bench telemetry
 */
import type { CallObserver } from '@harbor/core'
import { openTelemetry } from '@harbor/otel'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { ExportResultCode } from '@opentelemetry/core'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'
import { publish } from './publish.ts'
import { figures, median, tableOf } from './table.ts'
import { byHand } from './telemetry/by-hand.ts'
import { sampleCall } from './telemetry/sample-call.ts'

const { rounds, calls } = process.argv.includes('--quick')
  ? { rounds: 21, calls: 1_000 }
  : { rounds: 101, calls: 2_000 }

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const nowhere: SpanExporter = {
  export: (_, done) => done({ code: ExportResultCode.SUCCESS }),
  shutdown: () => Promise.resolve(),
  forceFlush: () => Promise.resolve(),
}
const processor = new BatchSpanProcessor({ exporter: nowhere, maxQueueSize: 2 * calls })
const tracerProvider = new TracerProvider({ spanProcessors: [processor] })
const notSampling = new TracerProvider({ sampler: new AlwaysOffSampler() })
const meterProvider = new MeterProvider()

const sample = await sampleCall()
const { started, attempt, receipt } = sample
const send = async (): Promise<void> => undefined

/** Reports calls to an observer, as a client does. */
const observed =
  (observer: CallObserver) =>
  async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      const observation = observer.start(started)
      if (!observation) {
        await send()
        continue
      }
      await observation.attempt?.(attempt, send)
      observation.attemptEnded?.(attempt)
      observation.end?.(receipt)
    }
  }

const hand = byHand(sample.recorded, { tracerProvider, meterProvider })
const SUBJECTS = {
  'no observer': async (count: number) => {
    for (let n = 0; n < count; n++) await send()
  },
  'no SDK': observed(openTelemetry()),
  'not sampled': observed(openTelemetry({ tracerProvider: notSampling })),
  'not sampled, metrics recorded': observed(openTelemetry({ tracerProvider: notSampling, meterProvider })),
  'span and metrics recorded': observed(openTelemetry({ tracerProvider, meterProvider })),
  'the same span and metrics by hand': async (count: number) => {
    for (let n = 0; n < count; n++) await hand(send)
  },
}
type Row = keyof typeof SUBJECTS
const rows = Object.keys(SUBJECTS) as Row[]

const seen = new Map<Row, number[]>(rows.map((row) => [row, []]))
for (const row of [...rows, ...rows]) await SUBJECTS[row](2 * calls)
for (let round = 0; round < rounds; round++)
  // The order changes from round to round.
  for (let at = 0; at < rows.length; at++) {
    const row = rows[(round + at) % rows.length] ?? 'no observer'
    await tracerProvider.forceFlush()
    const before = process.cpuUsage()
    await SUBJECTS[row](calls)
    const { user, system } = process.cpuUsage(before)
    seen.get(row)?.push((user + system) / calls)
  }
await tracerProvider.shutdown()
await meterProvider.shutdown()

const us = (row: Row): number => median(seen.get(row) ?? [])
const goal = (of: string, got: number, atMost: number) => ({ of, got, atMost, unit: 'µs', digits: 1 })
publish(
  'telemetry',
  tableOf({
    'a call with one attempt': rows,
    'CPU, µs': figures(2, rows.map(us)),
    'min to max': figures(
      2,
      rows.map((row): [number, number] => [
        Math.min(...(seen.get(row) ?? [])),
        Math.max(...(seen.get(row) ?? [])),
      ]),
    ),
  }),
  {
    goals: [
      goal('added to a call without an SDK', us('no SDK') - us('no observer'), 2),
      goal('added to a call that is not sampled', us('not sampled') - us('no observer'), 10),
      goal(
        'added to a recorded call, beyond the same span and metrics made by hand',
        us('span and metrics recorded') - us('the same span and metrics by hand'),
        10,
      ),
    ],
  },
)
