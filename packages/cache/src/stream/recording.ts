import { hasCode } from '../base/has-code.ts'

/** A reader of a recording, and how far it has read. */
export interface RecordingReader {
  /** The index of the chunk that the reader reads next. */
  readonly position: number
  /** Called with a RecordingLagError when the reader cannot go on, because its next chunk was discarded. */
  cutOff(error: unknown): void
}

/**
 * The chunks of one source, which is read once for any number of readers. A chunk is read from the source only when the fastest reader
 * needs it, so a source is never read faster than its fastest reader reads. All readers get the same Uint8Array objects.
 *
 * A recording of at most `maxBytes` holds all chunks in memory, for the cache and for readers that join late. A longer recording holds only
 * the chunks that the slowest reader has not read yet, again at most `maxBytes`. A reader that falls further behind gets a
 * RecordingLagError.
 */
export class Recording {
  /** The chunks in memory, oldest first. */
  #chunks: Uint8Array[] = []
  /** The number of chunks that were discarded. */
  #discarded = 0
  /** The size of the chunks in memory, in bytes. */
  #heldBytes = 0
  #state: 'open' | 'done' | 'failed' = 'open'
  #error: unknown
  /** The promise of the read that is in progress. All readers that need the next chunk wait for this promise. */
  #arrival: PromiseWithResolvers<undefined> | undefined
  #isReading = false
  /** Whether the recording is not longer than `maxBytes`, so that all chunks are still in memory. */
  #whole = true
  readonly #source: AsyncIterator<Uint8Array, unknown>
  readonly #maxBytes: number
  readonly #events: RecordingEvents
  readonly #readers = new Set<RecordingReader>()

  constructor(source: AsyncIterable<Uint8Array>, maxBytes: number, events: RecordingEvents) {
    this.#source = source[Symbol.asyncIterator]()
    this.#maxBytes = maxBytes
    this.#events = events
  }

  get state(): 'open' | 'done' | 'failed' {
    return this.#state
  }

  /** All chunks so far; undefined if the recording is longer than `maxBytes`. */
  get chunks(): readonly Uint8Array[] | undefined {
    return this.#whole ? this.#chunks : undefined
  }

  add(reader: RecordingReader): void {
    this.#readers.add(reader)
    // The beginning was discarded while this reader was joining.
    if (this.#discarded > 0) this.#cutOff(reader)
  }

  remove(reader: RecordingReader): void {
    this.#readers.delete(reader)
    this.#discardRead()
  }

  /** Returns the chunk with this index; undefined if it has not arrived yet. */
  at(position: number): Uint8Array | undefined {
    return this.#chunks[position - this.#discarded]
  }

  /** Throws the error of the source, if the source failed. Readers call this after the last chunk. */
  throwIfFailed(): void {
    if (this.#state === 'failed') throw this.#error
  }

  /**
   * Resolves when another chunk has arrived, the source has ended, or `wake()` is called. Concurrent callers share one read of the source.
   */
  async more(): Promise<void> {
    if (this.#state !== 'open') return
    const { promise } = (this.#arrival ??= Promise.withResolvers())
    if (!this.#isReading) void this.#readOn()
    await promise
  }

  /** Resolves pending calls of `more()`, so that the waiting readers check whether they were stopped. */
  wake(): void {
    const arrival = this.#arrival
    this.#arrival = undefined
    arrival?.resolve(undefined)
  }

  /** Reads the source to its end, even if there is no reader. */
  async finish(): Promise<void> {
    while (this.#state === 'open') await this.more()
  }

  /** Stops reading the source. Remaining readers get the chunks so far, then the error. */
  stop(error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#error = error
    void this.#close()
    this.#events.failed(error)
    this.wake()
  }

  async #readOn(): Promise<void> {
    this.#isReading = true
    try {
      const { done, value } = await this.#source.next()
      this.#isReading = false
      // stop() may have been called meanwhile.
      if (this.#state !== 'open') return
      if (done) this.#end()
      else this.#append(value)
      this.wake()
    } catch (error) {
      this.stop(error)
    }
  }

  #end(): void {
    // Stores the answer before any reader sees the end, so that a call made after the end is a hit.
    this.#events.ended(this.chunks)
    this.#state = 'done'
  }

  /**
   * Closes the source. A source that is waiting for data from the network closes only when that wait ends, unless its own signal is
   * aborted.
   */
  async #close(): Promise<void> {
    try {
      await this.#source.return?.()
    } catch {
      // The error of a source that is no longer read affects no caller.
    }
  }

  #append(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(`a chunk of a stream must be a Uint8Array, got one of type ${typeof chunk}`)
    }
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.byteLength
    if (this.#heldBytes <= this.#maxBytes) return
    if (this.#whole) {
      this.#whole = false
      this.#events.outgrown()
    }
    this.#discardRead()
    this.#cutOffSlow()
  }

  /** Discards the chunks that all readers have read, if the recording is longer than `maxBytes`. No reader can join such a recording. */
  #discardRead(): void {
    if (this.#whole) return
    let slowest = Infinity
    for (const { position } of this.#readers) slowest = Math.min(slowest, position)
    const read = Math.min(this.#chunks.length, slowest - this.#discarded)
    for (const chunk of this.#chunks.splice(0, read)) this.#heldBytes -= chunk.byteLength
    this.#discarded += read
  }

  #cutOff(reader: RecordingReader): void {
    this.#readers.delete(reader)
    reader.cutOff(new RecordingLagError(this.#maxBytes))
  }

  /** Cuts off the slowest readers until the chunks in memory are no larger than `maxBytes`. */
  #cutOffSlow(): void {
    while (this.#heldBytes > this.#maxBytes && this.#chunks.length > 1) {
      const oldest = this.#discarded
      const slow = [...this.#readers].filter(({ position }) => position === oldest)
      for (const reader of slow) this.#cutOff(reader)
      this.#discardRead()
      if (slow.length === 0) return
    }
  }
}

export interface RecordingEvents {
  /** Called when the source has ended without an error. @param chunks all chunks; undefined if the recording is longer than `maxBytes` */
  ended(chunks: readonly Uint8Array[] | undefined): void
  failed(error: unknown): void
  /** Called when the recording becomes longer than `maxBytes`. From then on, it will not be cached, and no further reader can join. */
  outgrown(): void
}

const LAG_CODE = 'recording_lag'

/**
 * The error with which the body of a slow reader fails: it was more than `maxRecordBytes` behind the fastest reader of the same stream, so that its
 * next chunk was discarded. Other readers are not affected.
 */
export class RecordingLagError extends Error {
  override readonly name = 'RecordingLagError'
  /** Always `recording_lag`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = LAG_CODE
  /** The option `maxRecordBytes`: how far a reader may fall behind the fastest one, in bytes. */
  readonly maxRecordBytes: number

  constructor(maxRecordBytes: number) {
    super(
      `this reader is more than ${maxRecordBytes} bytes behind the fastest one; read faster, or raise maxRecordBytes`,
    )
    this.maxRecordBytes = maxRecordBytes
  }

  /** Whether this is a RecordingLagError, including one from another copy of this package. */
  static is(error: unknown): error is RecordingLagError {
    return hasCode(error, LAG_CODE)
  }
}
