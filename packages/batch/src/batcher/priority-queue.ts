/** What may stand in a PriorityQueue; in one at a time. */
export interface Queueable<Node> {
  /** Higher goes first. Must not change while it is queued. */
  priority: number
  previous: Node | undefined
  next: Node | undefined
}

/**
 * First by priority, then first in, first out. One linked list for each priority in use, so that taking any node out costs
 * the same however many there are.
 */
export class PriorityQueue<Node extends Queueable<Node>> {
  #size = 0
  /** Highest priority first; none is empty. */
  readonly #lanes: { priority: number; first: Node; last: Node }[] = []

  get size(): number {
    return this.#size
  }

  /** The node that goes next. */
  get first(): Node | undefined {
    return this.#lanes[0]?.first
  }

  /** The first node of each priority. */
  firsts(): Node[] {
    return this.#lanes.map((lane) => lane.first)
  }

  push(node: Node): void {
    const at = this.#lanes.findIndex(({ priority }) => priority <= node.priority)
    const lane = this.#lanes[at]
    if (lane?.priority === node.priority) {
      node.previous = lane.last
      lane.last.next = node
      lane.last = node
    } else {
      this.#lanes.splice(at === -1 ? this.#lanes.length : at, 0, {
        priority: node.priority,
        first: node,
        last: node,
      })
    }
    this.#size++
  }

  /** Takes out a node that is in this queue. */
  remove(node: Node): void {
    const { previous, next } = node
    if (previous) previous.next = next
    if (next) next.previous = previous
    if (!previous || !next) {
      const at = this.#lanes.findIndex(({ priority }) => priority === node.priority)
      const lane = this.#lanes[at]
      if (lane && next && !previous) lane.first = next
      else if (lane && previous && !next) lane.last = previous
      else this.#lanes.splice(at, 1)
    }
    node.previous = node.next = undefined
    this.#size--
  }

  *[Symbol.iterator](): Generator<Node, void, undefined> {
    for (const { first } of this.#lanes)
      for (let node: Node | undefined = first; node; node = node.next) yield node
  }
}
