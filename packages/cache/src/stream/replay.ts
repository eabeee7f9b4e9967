import type { Body } from './reader.ts'

/**
 * The size of the chunks of a replayed body, in bytes: large enough to cost little, small enough for a consumer that writes them into a
 * socket.
 */
const PIECE_BYTES = 65_536

/**
 * Replays a recorded body, byte for byte. Its chunks are views on the cached bytes, so a consumer must not change them: that would change
 * the answer for all callers.
 */
export class Replay implements Body {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#at >= this.#bytes.length) return { done: true, value: undefined }
    const from = this.#at
    this.#at = from + PIECE_BYTES
    const all = from === 0 && this.#bytes.length <= PIECE_BYTES
    return { done: false, value: all ? this.#bytes : this.#bytes.subarray(from, this.#at) }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel()
    return { done: true, value: undefined }
  }

  cancel(): void {
    this.#at = Infinity
  }
}

/** A body that the source returned as a string. A caller can take it as `text`, or read its bytes in one chunk. */
export class TextBody implements Body {
  readonly text: string
  #over = false

  constructor(text: string) {
    this.text = text
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over || this.text === '') return this.return()
    this.#over = true
    return { done: false, value: new TextEncoder().encode(this.text) }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel()
    return { done: true, value: undefined }
  }

  cancel(): void {
    this.#over = true
  }
}
