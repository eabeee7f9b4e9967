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
