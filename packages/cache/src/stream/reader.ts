import type { Recording, RecordingReader } from './recording.ts'

/**
 * The body of a recorded answer. It can be read once. To stop before the end, leave the loop by `break`, or call `return()` or `cancel()`.
 */
export interface Body extends AsyncIterableIterator<Uint8Array, undefined> {
  /** The whole body as text, without reading the iterator; undefined if the source returned chunks. */
  readonly text?: string | undefined
  /**
   * Stops reading. May be called before the first chunk is read, and more than once. If no other caller reads, `onLastReaderGone` decides whether the
   * source is aborted.
   */
  cancel(reason?: unknown): void
}

/** Reads a recording for one caller, from the first chunk to the last. */
export class Reader implements Body, RecordingReader {
  readonly #recording: Recording
  readonly #leave: (reason: unknown) => void
  #position = 0
  #over = false
  /** The reason why `stop()` was called: the caller's signal aborted, or this reader fell too far behind. Undefined before. */
  #stopped: { readonly reason: unknown } | undefined

  /** @param leave called when this reader stops reading by itself: with the reason, or with undefined at the end of the recording */
  constructor(recording: Recording, leave: (reason: unknown) => void) {
    this.#recording = recording
    this.#leave = leave
    recording.add(this)
  }

  get position(): number {
    return this.#position
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (this.#stopped) throw this.#stopped.reason
      if (this.#over) return DONE
      const chunk = this.#recording.at(this.#position)
      if (chunk) {
        this.#position++
        return { done: false, value: chunk }
      }
      if (this.#recording.state !== 'open') return this.#end()
      await this.#recording.more()
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel()
    return DONE
  }

  cancel(reason: unknown = new DOMException('the reader has left', 'AbortError')): void {
    if (this.#over) return
    this.#finish()
    this.#leave(reason)
  }

  /** Stops reading. Pending and later reads reject with this reason. */
  stop(reason: unknown): void {
    if (this.#over) return
    this.#stopped = { reason }
    this.#finish()
  }

  cutOff(error: unknown): void {
    this.stop(error)
    this.#leave(error)
  }

  #end(): typeof DONE {
    this.#finish()
    this.#leave(undefined)
    this.#recording.throwIfFailed()
    return DONE
  }

  #finish(): void {
    this.#over = true
    this.#recording.remove(this)
    this.#recording.wake()
  }
}

const DONE = { done: true, value: undefined } as const
