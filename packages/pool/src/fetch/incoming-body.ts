/** The request that a body belongs to. The body uses it to control the flow of data. */
export interface BodySource {
  pause(): void
  resume(): void
  /** Called when the reader stops before the end of the body; at most once. */
  cancel(): void
}

/** A source that can return all chunks of a body at once, without a promise for each chunk. */
export interface WholeReader {
  readAll(): Promise<Uint8Array[]>
}

interface Waiter {
  resolve(result: IteratorResult<Uint8Array, undefined>): void
  reject(error: unknown): void
}

/** The number of buffered bytes at which the connection is paused, because the reader is slow. */
const HIGH_WATER_BYTES = 65_536

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * The body of a response, as chunks. The connection pushes chunks, and one reader pulls them. If the reader is slow, the connection is
 * paused.
 */
export class IncomingBody implements AsyncIterableIterator<Uint8Array, undefined>, WholeReader {
  /** Called with the reason when the caller aborts, also while no reader waits for a chunk. */
  onAbort: ((reason: unknown) => void) | undefined
  #state: 'open' | 'ended' | 'failed' | 'cancelled' = 'open'
  #error: unknown
  #chunks: Uint8Array[] = []
  #heldBytes = 0
  #paused = false
  #unreadTimer: NodeJS.Timeout | undefined
  #readSinceCheck = false
  readonly #readers: Waiter[] = []
  #whole: { resolve(): void; reject(error: unknown): void } | undefined
  readonly #source: BodySource
  readonly #idleMs: number
  readonly #onAbandoned: () => void

  /**
   * @param idleMs how long buffered chunks may remain unread, in milliseconds; 0 for no limit
   * @param onAbandoned called when no chunk was read for `idleMs` although one was buffered. The call may be late by up to `idleMs`
   */
  constructor(source: BodySource, idleMs: number, onAbandoned: () => void) {
    this.#source = source
    this.#idleMs = idleMs
    this.#onAbandoned = onAbandoned
  }

  push(chunk: Uint8Array): void {
    if (this.#state !== 'open') return
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: chunk })
      return
    }
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#whole) return
    if (this.#idleMs > 0) this.#unreadTimer ??= this.#watchUnread()
    if (this.#heldBytes >= HIGH_WATER_BYTES) this.#pause()
  }

  /** Whether a reader waits for the next chunk. */
  get isAwaited(): boolean {
    return this.#readers.length > 0 || this.#whole !== undefined
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#finish('ended')
    for (const reader of this.#readers.splice(0)) reader.resolve(DONE)
    this.#whole?.resolve()
  }

  /**
   * Ends the body with an error, for example because the connection was lost. Chunks that have already arrived can still be read; after
   * them, reads reject with the error.
   */
  fail(error: unknown): void {
    if (this.#state !== 'open') return
    this.#error = error
    this.#finish('failed')
    for (const reader of this.#readers.splice(0)) reader.reject(error)
    this.#whole?.reject(error)
  }

  /** Ends the body because the caller aborted. Buffered chunks are discarded, and reads reject with the reason. */
  abort(reason: unknown): void {
    this.#chunks = []
    this.fail(reason)
    this.onAbort?.(reason)
  }

  /** Removes and returns the next buffered chunk; undefined if there is none. It saves a promise when several chunks arrived together. */
  take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift()
    if (!chunk) return undefined
    this.#heldBytes -= chunk.length
    this.#readSinceCheck = true
    if (this.#paused && this.#heldBytes < HIGH_WATER_BYTES / 2) this.#resume()
    return chunk
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.take()
    if (chunk) return Promise.resolve({ done: false, value: chunk })
    if (this.#state === 'open')
      return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an abort reason may be anything
    return this.#state === 'failed' ? Promise.reject(this.#error) : Promise.resolve(DONE)
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#chunks = []
    if (this.#state === 'open') {
      this.#finish('cancelled')
      for (const reader of this.#readers.splice(0)) reader.resolve(DONE)
      this.#source.cancel()
    }
    return Promise.resolve(DONE)
  }

  async readAll(): Promise<Uint8Array[]> {
    if (this.#state === 'open') {
      const ended = new Promise<void>((resolve, reject) => (this.#whole = { resolve, reject }))
      clearTimeout(this.#unreadTimer)
      if (this.#paused) this.#resume()
      await ended
    }
    if (this.#state === 'failed') throw this.#error
    return this.#chunks.splice(0)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#source.pause()
  }

  #resume(): void {
    this.#paused = false
    this.#source.resume()
  }

  #finish(state: 'ended' | 'failed' | 'cancelled'): void {
    this.#state = state
    clearTimeout(this.#unreadTimer)
  }

  /**
   * Starts the timer that checks whether the body is read. One timer serves many chunks, because a timer for each chunk would take more
   * time than the chunk itself.
   */
  #watchUnread(): NodeJS.Timeout {
    this.#readSinceCheck = false
    return setTimeout(() => this.#checkForReader(), this.#idleMs).unref()
  }

  #checkForReader(): void {
    this.#unreadTimer = undefined
    if (this.#chunks.length === 0) return
    if (this.#readSinceCheck) this.#unreadTimer = this.#watchUnread()
    else this.#onAbandoned()
  }
}
