/** How much of the start of a stream is searched, in bytes. */
const HEAD_BYTES = 1024
/** How much of what came last, in bytes. Together they are no more than is searched. */
const TAIL_BYTES = 60 * 1024

/** What a stream has brought so far, as far as it is worth a look when it ends without an answer: its start, and its last part. */
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
