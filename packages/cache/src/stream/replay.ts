import type { Body } from './reader.ts'

/** So much is handed out at once: enough to cost little, little enough for a consumer that writes into a socket. */
const PIECE_BYTES = 65_536

/** What was recorded, byte for byte. The pieces are views on what the cache holds: whoever changes them changes it for all. */
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
