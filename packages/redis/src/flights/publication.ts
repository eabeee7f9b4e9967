/** One event of a flight. */
export interface FlightEntry {
  readonly kind: 'head' | 'text' | 'chunk' | 'end' | 'failed' | 'too-large'
  readonly data: string | Buffer
}

/** Events to be passed on, and what follows for the lock and the stream. */
export interface Publication {
  readonly lockTtlMs: number
  readonly streamTtlMs: number
  readonly state: '' | 'full' | 'done'
  readonly maxEvents: number
  /** The number of the first event. */
  readonly first: number
  readonly entries: readonly FlightEntry[]
}

/** The maximum number of events of a flight in Redis, if its size does not limit it further. */
const MAX_EVENTS = 1_000_000

/** The sizes of the events that were passed on and may still be in Redis. */
export class EventSizes {
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
export function mergedChunks(entries: readonly FlightEntry[]): readonly FlightEntry[] {
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
