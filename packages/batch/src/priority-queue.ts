/** A node of a PriorityQueue; it can be in one queue at a time. */
export interface Queueable<Node> {
  /** Nodes with a higher priority come first. Must not change while the node is queued. */
  priority: number
  previous: Node | undefined
  next: Node | undefined
}

/**
 * A queue ordered by priority, then first in, first out. It has one linked list, a lane, for each priority in use, so removing any node takes
 * constant time.
 */
export class PriorityQueue<Node extends Queueable<Node>> {
  #size = 0
  /** The lanes, in descending order of priority; no lane is empty. */
  readonly #lanes: { priority: number; first: Node; last: Node }[] = []

  get size(): number {
    return this.#size
  }

  /** The first node. */
  get first(): Node | undefined {
    return this.#lanes[0]?.first
  }

  /** Returns the node with the smallest measure among the first nodes of all priorities. */
  firstByMinimum(measure: (node: Node) => number): Node | undefined {
    let minimum = this.#lanes[0]?.first
    for (const { first } of this.#lanes) if (minimum && measure(first) < measure(minimum)) minimum = first
    return minimum
  }

  push(node: Node): void {
    // Usually there is one lane, or none.
    const at = this.#lanes.length === 0 ? 0 : this.#laneAt(node.priority)
    const lane = at < this.#lanes.length ? this.#lanes[at] : undefined
    if (lane?.priority === node.priority) {
      node.previous = lane.last
      lane.last.next = node
      lane.last = node
    } else this.#lanes.splice(at, 0, { priority: node.priority, first: node, last: node })
    this.#size++
  }

  /** Removes and returns the first node. */
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

  /** Removes a node that is in this queue. */
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

  /** Returns the index of the lane of a priority, or the index where it would be inserted. */
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
