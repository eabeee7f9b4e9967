/**
 * Limits the memory that large answers occupy while they are read, for all calls of a client together.
 *
 * An answer of up to 1 MiB needs no reservation. A larger answer reserves memory step by step, and waits when a step would leave too
 * little memory for the other answers to finish; its connection is paused meanwhile. A step is granted only if some order exists in which
 * every open answer can grow to its own maximum (the banker's algorithm). So answers never wait for each other in a circle, and no answer
 * is refused because others are large.
 */
export class HeldBytes {
  readonly #capacity: number
  readonly #holds = new Set<Hold>()
  #waiting: Waiting[] = []

  /** @param capacity the memory in bytes; one answer at a time may exceed it */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /**
   * Starts to count the memory of one answer. The returned `Hold` must be closed, however the reading ends.
   * @param maxBytes the maximum size of the answer
   */
  open(maxBytes: number): Hold {
    return new Hold(this, maxBytes)
  }

  /** The number of bytes that all answers have reserved now. */
  get reserved(): number {
    let bytes = 0
    for (const hold of this.#holds) bytes += hold.reserved
    return bytes
  }

  /**
   * Reserves `step` more bytes for an answer. Returns undefined if they are reserved now, else a promise that resolves when they are.
   * @internal
   */
  request(hold: Hold, step: number): Promise<void> | undefined {
    if (this.#grant(hold, step)) return undefined
    return new Promise((granted) => this.#waiting.push({ hold, step, granted }))
  }

  /**
   * Releases the memory of an answer, and grants the waiting reservations for which there is memory now.
   * @internal
   */
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
      // The answer with the largest need may exceed the capacity, since it has no other answer to wait for.
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

/** The memory that one answer has reserved. */
export class Hold {
  reserved = 0
  readonly maxBytes: number
  readonly #held: HeldBytes

  constructor(held: HeldBytes, maxBytes: number) {
    this.#held = held
    this.maxBytes = maxBytes
  }

  /** The number of bytes that the answer may still reserve. */
  get needed(): number {
    return Math.max(0, this.maxBytes - this.reserved)
  }

  /**
   * Reserves memory for the first `bytes` bytes of the answer. Returns undefined if the memory is reserved now, else a promise that
   * resolves when it is.
   */
  reserve(bytes: number): Promise<void> | undefined {
    if (bytes <= FREE_BYTES || bytes <= this.reserved) return undefined
    return this.#held.request(this, Math.max(STEP_BYTES, bytes - this.reserved))
  }

  close(): void {
    this.#held.close(this)
  }
}

/** The minimum number of bytes that an answer reserves at a time. */
const STEP_BYTES = 1_048_576
/** Answers up to this size need no reservation; most answers are smaller. */
const FREE_BYTES = 1_048_576
