/**
 * A line in the order of arrival, which anybody may leave, and those who leave leave no trace.
 *
 * A `Set` would do the same and be dear. When V8 makes it a new table, the old one points to it and goes on holding what it held: once it is
 * among what is old, all that passes through the `Set` stays in memory until the next full collection.
 */
export class Queue<Item> {
  #first: Place<Item> | undefined
  #last: Place<Item> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): Item | undefined {
    return this.#first?.item
  }

  /** @returns the place at the end */
  enter(item: Item): Place<Item> {
    const place: Place<Item> = { item, previous: this.#last, next: undefined, isTaken: true }
    if (this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
    this.#size++
    return place
  }

  /** @returns the place at the front */
  enterFirst(item: Item): Place<Item> {
    const place: Place<Item> = { item, previous: undefined, next: this.#first, isTaken: true }
    if (this.#first) this.#first.previous = place
    else this.#last = place
    this.#first = place
    this.#size++
    return place
  }

  /** @returns false for who had left before */
  leave(place: Place<Item>): boolean {
    if (!place.isTaken) return false
    const { previous, next } = place
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    this.#size--
    place.previous = undefined
    place.next = undefined
    place.isTaken = false
    return true
  }
}

/** Somebody's place in a queue, which alone changes it. */
export interface Place<Item> {
  readonly item: Item
  previous: Place<Item> | undefined
  next: Place<Item> | undefined
  isTaken: boolean
}
