import type { Recording, RecordingReader } from './recording.ts'

/** The body of an answer. It is read once; leaving it early (`break`, `return()`, `cancel()`) tells the cache. */
export interface Body extends AsyncIterableIterator<Uint8Array, undefined> {
  /** All of it, where the source gave it as text. */
  readonly text?: string | undefined
  /** Not interested any more, also where nothing has been read yet. */
  cancel(reason?: unknown): void
}

/** One caller's reading of a recording, from its first chunk to its last. */
export class Reader implements Body, RecordingReader {
  readonly #recording: Recording
  readonly #leave: (reason: unknown) => void
  #position = 0
  #over = false
  /** Set when it was ended from outside. */
  #stopped: { readonly reason: unknown } | undefined

  /** @param leave told once, when nothing more is read */
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

  /** Ends the reading with this reason: what is pending rejects. */
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
