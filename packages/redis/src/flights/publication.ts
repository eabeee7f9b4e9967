/** One event of a flight. */
export interface FlightEntry {
  readonly kind: 'head' | 'text' | 'chunk' | 'end' | 'failed' | 'too-large'
  readonly data: string | Buffer
}

/** The end of a flight: how long its lock stays, in milliseconds, and the state of the lock. */
export interface FlightEnd {
  readonly lockTtlMs: number
  readonly state: '' | 'full' | 'done'
}

/** Events to be passed on by one command. */
export interface Publication {
  readonly entries: readonly FlightEntry[]
  /** The number of the first one. */
  readonly first: number
  /** The maximum number of events in Redis. */
  readonly maxEvents: number
  /** Whether no further process may join. */
  readonly isFull: boolean
  /** Set if no events follow. */
  readonly end: FlightEnd | undefined
}

/** The events of a flight that are to be passed on, in order. */
export class Publications {
  readonly #maxBytes: number
  readonly #sizes: EventSizes
  #waiting: FlightEntry[] = []
  #bytes = 0
  #next = 1
  #end: FlightEnd | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#sizes = new EventSizes(maxBytes)
  }

  /** Whether the flight is larger than `maxBytes`. */
  get isFull(): boolean {
    return this.#bytes > this.#maxBytes
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Adds events, unless the flight has ended. @param end passed with the last ones */
  add(entries: readonly FlightEntry[], end?: FlightEnd): void {
    if (this.#end) return
    this.#end = end
    this.#waiting.push(...entries)
    for (const { data } of entries) this.#bytes += data.length
  }

  /** Returns the events that were added since the last call; undefined if there are none. */
  take(): Publication | undefined {
    if (this.isEmpty) return undefined
    const entries = mergedChunks(this.#waiting)
    this.#waiting = []
    const first = this.#next
    this.#next += entries.length
    const { isFull } = this
    return { entries, first, maxEvents: this.#sizes.add(entries, isFull), isFull, end: this.#end }
  }
}

/** The maximum number of events of a flight in Redis, if its size does not limit it further. */
const MAX_EVENTS = 1_000_000

/** The sizes of the events that were passed on and may still be in Redis. */
class EventSizes {
  readonly #maxBytes: number
  /** The oldest one first. */
  #sizes: number[] = []

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * Adds events.
   *
   * @param isFull whether older events have to be removed, so that Redis holds at most `maxBytes`
   * @returns how many events, counted from the newest one, may be in Redis: at least those that were added
   */
  add(entries: readonly FlightEntry[], isFull: boolean): number {
    for (const { data } of entries) this.#sizes.push(data.length)
    if (!isFull) return MAX_EVENTS
    let bytes = 0
    let first = this.#sizes.length
    while (first > 0) {
      bytes += this.#sizes[first - 1] ?? 0
      if (bytes > this.#maxBytes && this.#sizes.length - first >= entries.length) break
      first--
    }
    this.#sizes = this.#sizes.slice(first)
    return this.#sizes.length
  }
}

/** Merges chunks that follow each other into one event. */
function mergedChunks(entries: readonly FlightEntry[]): readonly FlightEntry[] {
  const result: FlightEntry[] = []
  let chunks: Buffer[] = []
  const flush = (): void => {
    const [only] = chunks
    if (only) result.push({ kind: 'chunk', data: chunks.length === 1 ? only : Buffer.concat(chunks) })
    chunks = []
  }
  for (const entry of entries) {
    if (entry.kind === 'chunk' && typeof entry.data !== 'string') chunks.push(entry.data)
    else {
      flush()
      result.push(entry)
    }
  }
  flush()
  return result
}
