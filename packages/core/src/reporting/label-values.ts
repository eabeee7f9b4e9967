import type { Labels } from './labels.ts'

/** The maximum number of labels that are counted by name. Further labels are counted as the label `other`. */
const MAX_NAMES = 64
/** The maximum number of values of one label that are counted apart. Further values are counted as the value `other`. */
const MAX_VALUES = 1_000
export const OTHER = 'other'

/** One value of one label. The same value is always the same object. */
export interface LabelValue {
  readonly name: string
  readonly value: string
  /** The number of the value in the order in which the values were first used. */
  readonly number: number
}

/**
 * The values of labels that a client counts apart. Their number is limited, so that labels with many values, such as the id of a user, do
 * not fill the memory.
 */
export class LabelValues {
  readonly #names = new Map<string, Map<string, LabelValue>>()
  #count = 0
  /** The labels whose values were returned last. They are requested several times for each call. */
  #last: { readonly labels: Labels; readonly values: readonly LabelValue[] } | undefined

  /** Returns the values of the labels of a call, by their numbers. Each of them is returned once, also if several labels count as `other`. */
  of(labels: Labels): readonly LabelValue[] {
    if (this.#last?.labels === labels) return this.#last.values
    const values = this.#valuesOf(labels)
    this.#last = { labels, values }
    return values
  }

  #valuesOf(labels: Labels): readonly LabelValue[] {
    const found: LabelValue[] = []
    for (const name of Object.keys(labels)) {
      const value = this.#valueOf(name, labels[name] ?? '')
      if (!found.includes(value)) found.push(value)
    }
    return found.length > 1 ? found.sort((one, other) => one.number - other.number) : found
  }

  /** Returns the value `other` of a label. */
  otherOf(name: string): LabelValue {
    return this.#valueIn(entryOf(this.#names, name, newValues), name, OTHER)
  }

  /** Whether a label is counted by its name. */
  knows(name: string): boolean {
    return this.#names.has(name)
  }

  /** Returns the number of values of a label that are counted apart. */
  countOf(name: string): number {
    return this.#names.get(name)?.size ?? 0
  }

  #valueOf(name: string, value: string): LabelValue {
    const isNamed = this.#names.has(name) || this.#names.size < MAX_NAMES
    const counted = isNamed ? name : OTHER
    const values = entryOf(this.#names, counted, newValues)
    const isApart = isNamed && (values.has(value) || values.size < MAX_VALUES)
    return this.#valueIn(values, counted, isApart ? value : OTHER)
  }

  #valueIn(values: Map<string, LabelValue>, name: string, value: string): LabelValue {
    return entryOf(values, value, () => ({ name, value, number: this.#count++ }))
  }
}

function newValues(): Map<string, LabelValue> {
  return new Map()
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
