/** The number of bytes that are stored from the start of a stream. */
const HEAD_BYTES = 1024
/**
 * The number of bytes that are stored from the end of a stream. Start and end together are not longer than `MAX_NESTED_LENGTH`, the longest
 * text that is searched for an error.
 */
const TAIL_BYTES = 60 * 1024

/**
 * Stores the start and the end of the bytes that a stream received. If the stream ends without an answer, the stored bytes are searched for
 * an error message.
 */
export class RecentBytes {
  #head: Uint8Array | undefined
  #tail: Uint8Array[] = []
  #tailBytes = 0
  #isCut = false

  add(chunk: Uint8Array): void {
    this.#head ??= chunk.slice(0, HEAD_BYTES)
    this.#tail.push(chunk)
    this.#tailBytes += chunk.length
    let first = this.#tail[0]
    while (first && this.#tailBytes - first.length > TAIL_BYTES) {
      this.#tailBytes -= first.length
      this.#isCut = true
      this.#tail.shift()
      first = this.#tail[0]
    }
  }

  get text(): string {
    const whole = Buffer.concat(this.#tail)
    const tail = whole.subarray(Math.max(0, whole.length - TAIL_BYTES))
    const isCut = this.#isCut || tail.length < whole.length
    const parts = isCut && this.#head ? [this.#head, Buffer.from('\n'), tail] : [tail]
    return new TextDecoder().decode(Buffer.concat(parts))
  }
}
