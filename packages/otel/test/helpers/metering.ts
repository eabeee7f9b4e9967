import type { Attributes } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { onTestFinished } from 'vitest'

class TestReader extends MetricReader {
  protected override onForceFlush = (): Promise<void> => Promise.resolve()
  protected override onShutdown = (): Promise<void> => Promise.resolve()
}

/** One series of a metric. For a histogram, the value is the sum of what was recorded. */
export interface Series {
  readonly name: string
  readonly attributes: Attributes
  readonly value: number
  /** How often a histogram was recorded. */
  readonly count: number | undefined
}

/** A meter provider, and a function that collects all series. It is shut down when the test is over. */
export function metering(): { readonly meterProvider: MeterProvider; collect(): Promise<readonly Series[]> } {
  const reader = new TestReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => meterProvider.shutdown())
  return {
    meterProvider,
    async collect() {
      const { resourceMetrics, errors } = await reader.collect()
      if (errors.length > 0) throw new Error('The metrics could not be collected.', { cause: errors[0] })
      return resourceMetrics.scopeMetrics
        .filter(({ scope }) => scope.name === '@harbor/otel')
        .flatMap(({ metrics }) => metrics)
        .flatMap(({ descriptor: { name }, dataPoints }) =>
          dataPoints.map(({ attributes, value }): Series => {
            if (typeof value === 'number') return { name, attributes, value, count: undefined }
            return { name, attributes, value: value.sum ?? 0, count: value.count }
          }),
        )
    },
  }
}

/** The sum of all series of a metric with these attributes, and how often histograms were recorded. */
export function total(
  series: readonly Series[],
  name: string,
  attributes: Attributes = {},
): { readonly value: number; readonly count: number } {
  const found = series.filter(
    (each) =>
      each.name === name &&
      Object.entries(attributes).every(([key, value]) => each.attributes[key] === value),
  )
  const sum = (of: (each: Series) => number): number => found.reduce((all, each) => all + of(each), 0)
  return { value: sum(({ value }) => value), count: sum(({ count }) => count ?? 0) }
}
