/**
 * A first-in, first-out queue, as a linked list. Items can be removed from any position.
 *
 * A `Set` would need less code, but it would retain every item that passed through it until a major GC: see
 * docs/decisions/young-generation.md.
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

  /** Adds an item at the end. @returns its place, for `leave()` */
  enter(item: Item): Place<Item> {
    const place: Place<Item> = { item, previous: this.#last, next: undefined, isTaken: true }
    if (this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
    this.#size++
    return place
  }

  /** Adds an item at the front. @returns its place, for `leave()` */
  enterFirst(item: Item): Place<Item> {
    const place: Place<Item> = { item, previous: undefined, next: this.#first, isTaken: true }
    if (this.#first) this.#first.previous = place
    else this.#last = place
    this.#first = place
    this.#size++
    return place
  }

  /** Removes the item at this place. @returns false if it was removed before */
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

/** The place of one item in a queue. Only the queue may change it. */
export interface Place<Item> {
  readonly item: Item
  previous: Place<Item> | undefined
  next: Place<Item> | undefined
  /** Whether the item is still in the queue. */
  isTaken: boolean
}
