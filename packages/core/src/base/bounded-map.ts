/** A map that drops its oldest entry to make room for a new one. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #max: number

  /** @param max the largest number of entries */
  constructor(max: number) {
    super()
    this.#max = max
  }

  override set(key: Key, value: Value): this {
    if (this.size >= this.#max && !this.has(key)) {
      const [oldest] = this.keys()
      this.delete(oldest as Key)
    }
    return super.set(key, value)
  }
}
