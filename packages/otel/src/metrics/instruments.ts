import type { Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api'
import { METRICS, type MetricName } from './definitions.ts'

/** Upper bounds of durations, in seconds: those of the GenAI conventions, and three more for calls that think for minutes. */
const SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
  655.36,
]
/** Upper bounds of tokens: those of the GenAI conventions. */
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power)

type NamesOf<Kind> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]

/** The instruments of one meter. Each is created when it is first used, so that metrics that do not occur are not exported. */
export class Instruments {
  readonly meter: Meter
  readonly #created = new Map<MetricName, unknown>()

  constructor(meter: Meter) {
    this.meter = meter
  }

  counter(name: NamesOf<'counter'>): Counter {
    return this.#once(name, (options) => this.meter.createCounter(name, options))
  }

  upDownCounter(name: NamesOf<'up-down counter'>): UpDownCounter {
    return this.#once(name, (options) => this.meter.createUpDownCounter(name, options))
  }

  histogram(name: NamesOf<'histogram'>): Histogram {
    const boundaries = METRICS[name].unit === 's' ? SECONDS : TOKENS
    return this.#once(name, (options) =>
      this.meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: boundaries } }),
    )
  }

  #once<Instrument>(
    name: MetricName,
    create: (options: { description: string; unit: string }) => Instrument,
  ): Instrument {
    const known = this.#created.get(name)
    if (known) return known as Instrument
    const { description, unit } = METRICS[name]
    const created = create({ description, unit })
    this.#created.set(name, created)
    return created
  }
}
