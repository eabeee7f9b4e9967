/**
 * The memory that large answers may occupy while they are read, shared by all calls of a client.
 *
 * A small answer is free. A larger one reserves memory step by step, and waits when a step would leave too little for the
 * others to finish: its connection is paused meanwhile. A step is granted only while some order exists in which every open
 * answer can grow to its own limit (the banker's algorithm), so answers never wait for each other in a circle, and none is
 * refused because others are large.
 */
export class HeldBytes {
  readonly #capacity: number
  readonly #holds = new Set<Hold>()
  #waiting: Waiting[] = []

  /** @param capacity in bytes; one answer at a time may exceed it */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Opens the account of one answer. Close it, however the reading ends. */
  open(maxBytes: number): Hold {
    return new Hold(this, maxBytes)
  }

  /** Bytes reserved now. */
  get reserved(): number {
    let bytes = 0
    for (const hold of this.#holds) bytes += hold.reserved
    return bytes
  }

  /** @internal Grants the step now, or returns a promise of it. */
  request(hold: Hold, step: number): Promise<void> | undefined {
    if (this.#grant(hold, step)) return undefined
    return new Promise((granted) => this.#waiting.push({ hold, step, granted }))
  }

  /** @internal */
  close(hold: Hold): void {
    this.#holds.delete(hold)
    if (this.#waiting.length === 0) return
    this.#waiting = this.#waiting.filter((waiting) => {
      if (waiting.hold !== hold && !this.#grant(waiting.hold, waiting.step)) return true
      waiting.granted()
      return false
    })
  }

  #grant(hold: Hold, step: number): boolean {
    const before = hold.reserved
    this.#holds.add(hold)
    hold.reserved += step
    if (this.#allCanFinish()) return true
    hold.reserved = before
    if (before === 0) this.#holds.delete(hold)
    return false
  }

  #allCanFinish(): boolean {
    let free = this.#capacity - this.reserved
    const byNeed = [...this.#holds].toSorted((one, other) => one.needed - other.needed)
    return byNeed.every((hold, place) => {
      // The last one has no other to wait for.
      if (hold.needed > free && place < byNeed.length - 1) return false
      free += hold.reserved
      return true
    })
  }
}

interface Waiting {
  readonly hold: Hold
  readonly step: number
  readonly granted: () => void
}

/** What one answer has reserved. */
export class Hold {
  reserved = 0
  readonly maxBytes: number
  readonly #held: HeldBytes

  constructor(held: HeldBytes, maxBytes: number) {
    this.#held = held
    this.maxBytes = maxBytes
  }

  /** What it may still reserve. */
  get needed(): number {
    return Math.max(0, this.maxBytes - this.reserved)
  }

  /** Makes room for an answer of this length; undefined when there is room at once. */
  reserve(bytes: number): Promise<void> | undefined {
    if (bytes <= FREE_BYTES || bytes <= this.reserved) return undefined
    return this.#held.request(this, Math.max(STEP_BYTES, bytes - this.reserved))
  }

  close(): void {
    this.#held.close(this)
  }
}

const STEP_BYTES = 1_048_576
/** Most answers are smaller, and cost no accounting. */
const FREE_BYTES = 1_048_576
