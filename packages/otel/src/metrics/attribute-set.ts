import type { Attributes } from '@opentelemetry/api'

/**
 * One combination of attributes. Combinations with one attribute more are found from it by name and value, which takes less time than to make a
 * key of all names and values for each metric of each call.
 */
export class AttributeSet {
  readonly attributes: Attributes
  /** Whether metrics were recorded with exactly these attributes. */
  isUsed = false
  readonly #more = new Map<string, Map<string, AttributeSet>>()

  constructor(attributes: Attributes) {
    this.attributes = attributes
  }

  /** Returns the combination with one attribute more; undefined if there was none yet. */
  find(name: string, value: string): AttributeSet | undefined {
    return this.#more.get(name)?.get(value)
  }

  /** Returns the combination with one attribute more. */
  with(name: string, value: string): AttributeSet {
    let sets = this.#more.get(name)
    if (sets === undefined) this.#more.set(name, (sets = new Map<string, AttributeSet>()))
    let set = sets.get(value)
    if (set === undefined) sets.set(value, (set = new AttributeSet({ ...this.attributes, [name]: value })))
    return set
  }
}
