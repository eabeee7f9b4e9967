import type { BatchObservableResult, Observable } from '@opentelemetry/api'

/** The maximum number of series that each gauge has. */
const MAX_SERIES = 100

interface SeriesAttributes {
  /** The name of the attribute that differs between the series of a gauge. */
  readonly name: string
  readonly more?: Readonly<Record<string, string>>
}

/**
 * The series of one gauge. Values of the same name are merged. A series without a value, such as that of a closed client, is reported as NaN,
 * because the SDK would repeat its last value forever.
 */
export class Series {
  readonly #attributes: SeriesAttributes
  readonly #merge: (one: number, other: number) => number
  readonly #values = new Map<string, number>()

  constructor(attributes: SeriesAttributes, merge: (one: number, other: number) => number) {
    this.#attributes = attributes
    this.#merge = merge
  }

  add(name: string, value: number): void {
    const known = this.#values.get(name)
    if (known === undefined && this.#values.size >= MAX_SERIES) return
    this.#values.set(name, known === undefined || Number.isNaN(known) ? value : this.#merge(known, value))
  }

  observe(result: BatchObservableResult, to: Observable): void {
    const { name: attribute, more } = this.#attributes
    for (const [name, value] of this.#values) {
      result.observe(to, Number.isFinite(value) ? value : NaN, { [attribute]: name, ...more })
      this.#values.set(name, NaN)
    }
  }
}
