import { RecordingLagError } from './recording-lag-error.ts'

/** Who reads a recording, and how far. */
export interface RecordingReader {
  /** The number of the chunk it reads next. */
  readonly position: number
  /** It cannot go on: what it would read next is gone. */
  cutOff(error: unknown): void
}

/**
 * The chunks of one source, read once for any number of readers. It reads on when the foremost reader wants more, so a slow
 * consumer slows the source. A stalled reader costs nothing: the chunks are there once, for all.
 *
 * Up to `maxBytes` everything is kept, for those who join late and for the cache. What is longer becomes a window between the
 * hindmost and the foremost reader, of that size at most: who falls further behind is cut off.
 */
export class Recording {
  /** What is held, oldest first. */
  #chunks: Uint8Array[] = []
  /** How many chunks came before the oldest that is held. */
  #gone = 0
  /** Bytes held. */
  #held = 0
  #state: 'open' | 'done' | 'failed' = 'open'
  #error: unknown
  /** What all who want more wait for. */
  #arrival: PromiseWithResolvers<undefined> | undefined
  #isReading = false
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

  /** All chunks so far, unless some had to be let go. */
  get chunks(): readonly Uint8Array[] | undefined {
    return this.#whole ? this.#chunks : undefined
  }

  add(reader: RecordingReader): void {
    this.#readers.add(reader)
    // It was on its way here when the beginning was let go.
    if (this.#gone > 0) this.#cutOff(reader)
  }

  remove(reader: RecordingReader): void {
    this.#readers.delete(reader)
    this.#letGo()
  }

  /** A chunk that has come already. */
  at(position: number): Uint8Array | undefined {
    return this.#chunks[position - this.#gone]
  }

  /** @throws the error of the source, once its chunks are read */
  throwIfFailed(): void {
    if (this.#state === 'failed') throw this.#error
  }

  /** Resolves when there is one more chunk, or the end, or somebody was woken; all who want more wait for the same read. */
  async more(): Promise<void> {
    if (this.#state !== 'open') return
    const { promise } = (this.#arrival ??= Promise.withResolvers())
    if (!this.#isReading) void this.#readOn()
    await promise
  }

  /** All who wait look again at what there is. */
  wake(): void {
    const arrival = this.#arrival
    this.#arrival = undefined
    arrival?.resolve(undefined)
  }

  /** Reads to the end, for nobody. */
  async finish(): Promise<void> {
    while (this.#state === 'open') await this.more()
  }

  /** No more is read. Whoever still reads gets the error, after what has come. */
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
      // It may have been stopped meanwhile.
      if (this.#state !== 'open') return
      if (done) this.#end()
      else this.#append(value)
      this.wake()
    } catch (error) {
      this.stop(error)
    }
  }

  #end(): void {
    // What is to be kept is kept before any reader learns that it is over: who asks again after that, finds it.
    this.#events.ended(this.chunks)
    this.#state = 'done'
  }

  /** A source that waits for its network cannot return before that; the signal it was opened with ends it. */
  async #close(): Promise<void> {
    try {
      await this.#source.return?.()
    } catch {
      // How a source ends that nobody reads any more is nobody's business.
    }
  }

  #append(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(`a chunk of a stream must be a Uint8Array, got one of type ${typeof chunk}`)
    }
    this.#chunks.push(chunk)
    this.#held += chunk.byteLength
    if (this.#held <= this.#maxBytes) return
    if (this.#whole) {
      this.#whole = false
      this.#events.outgrown()
    }
    this.#letGo()
    this.#cutOffSlow()
  }

  /** What every reader has read, once nobody can join any more. */
  #letGo(): void {
    if (this.#whole) return
    let hindmost = Infinity
    for (const { position } of this.#readers) hindmost = Math.min(hindmost, position)
    const read = Math.min(this.#chunks.length, hindmost - this.#gone)
    for (const chunk of this.#chunks.splice(0, read)) this.#held -= chunk.byteLength
    this.#gone += read
  }

  #cutOff(reader: RecordingReader): void {
    this.#readers.delete(reader)
    reader.cutOff(new RecordingLagError(this.#maxBytes))
  }

  /** Those who are too far behind. */
  #cutOffSlow(): void {
    while (this.#held > this.#maxBytes && this.#chunks.length > 1) {
      const last = this.#gone
      const slow = [...this.#readers].filter(({ position }) => position === last)
      for (const reader of slow) this.#cutOff(reader)
      this.#letGo()
      if (slow.length === 0) return
    }
  }
}

export interface RecordingEvents {
  /** The source has ended in order. @param chunks all of them, unless it had outgrown */
  ended(chunks: readonly Uint8Array[] | undefined): void
  failed(error: unknown): void
  /** It is too long to be kept, and to be joined. */
  outgrown(): void
}
