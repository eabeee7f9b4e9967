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

  /** Of the nodes that are first in their priority, the one with the least of something. */
  firstByLeast(measure: (node: Node) => number): Node | undefined {
    let least = this.#lanes[0]?.first
    for (const { first } of this.#lanes) if (least && measure(first) < measure(least)) least = first
    return least
  }

  push(node: Node): void {
    // Nearly always there is one lane, or none.
    const at = this.#lanes.length === 0 ? 0 : this.#laneAt(node.priority)
    const lane = at < this.#lanes.length ? this.#lanes[at] : undefined
    if (lane?.priority === node.priority) {
      node.previous = lane.last
      lane.last.next = node
      lane.last = node
    } else this.#lanes.splice(at, 0, { priority: node.priority, first: node, last: node })
    this.#size++
  }

  /** Takes out the node that goes next. */
  shift(): Node | undefined {
    const lane = this.#lanes[0]
    if (!lane) return undefined
    const { first } = lane
    if (first.next) {
      lane.first = first.next
      first.next.previous = undefined
      first.next = undefined
    } else this.#lanes.shift()
    this.#size--
    return first
  }

  /** Takes out a node that is in this queue. */
  remove(node: Node): void {
    const { previous, next } = node
    if (previous) previous.next = next
    if (next) next.previous = previous
    if (!previous || !next) {
      const at = this.#laneAt(node.priority)
      const lane = this.#lanes[at]
      if (lane && next && !previous) lane.first = next
      else if (lane && previous && !next) lane.last = previous
      else this.#lanes.splice(at, 1)
    }
    node.previous = node.next = undefined
    this.#size--
  }

  /** Where the lane of a priority is, or belongs. */
  #laneAt(priority: number): number {
    let at = 0
    for (let lane = this.#lanes[0]; lane && lane.priority > priority; lane = this.#lanes[at]) at++
    return at
  }

  *[Symbol.iterator](): Generator<Node, void, undefined> {
    for (const { first } of this.#lanes)
      for (let node: Node | undefined = first; node; node = node.next) yield node
  }
}
