/** One line without its line feed. */
export interface RawLine {
  /** The number of the line, counted from 1. */
  line: number
  /** Where the line begins, in bytes from the beginning of the source. */
  byteOffset: number
  /** The bytes of the line, or only its first bytes if it is too long. Valid until the next line is read. */
  bytes: Uint8Array
  tooLong: boolean
}

const LINE_FEED = 0x0a

/**
 * Cuts chunks of bytes into lines. A line that continues in the next chunk is copied, so a source may reuse its chunks. Holds at most `maxLineBytes`
 * of a line in memory: a longer line is reported as soon as it exceeds this length, and its remaining bytes are skipped.
 */
export class LineCutter {
  readonly #maxLineBytes: number
  /** A buffer whose first `#heldLength` bytes are the beginning of the current line, from earlier chunks. */
  #held = new Uint8Array(0)
  #heldLength = 0
  #line = 1
  #lineOffset = 0
  /** The offset of the current chunk in the source. */
  #chunkOffset = 0
  /** Whether the current line was reported as too long, so that its remaining bytes are skipped. */
  #isSkipping = false

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  *cut(chunk: Uint8Array): Generator<RawLine, void, undefined> {
    let start = 0
    while (start < chunk.length) {
      const feed = chunk.indexOf(LINE_FEED, start)
      const end = feed === -1 ? chunk.length : feed
      const room = this.#maxLineBytes - this.#heldLength
      if (!this.#isSkipping && end - start > room) {
        this.#isSkipping = true
        yield this.#raw(chunk.subarray(start, start + room), true)
      }
      if (feed === -1) {
        if (!this.#isSkipping) this.#hold(chunk.subarray(start))
        break
      }
      if (!this.#isSkipping) yield this.#raw(chunk.subarray(start, end), false)
      start = feed + 1
      this.#begin(this.#chunkOffset + start)
    }
    this.#chunkOffset += chunk.length
  }

  /** Yields the last line, if it does not end in a line feed. */
  *end(): Generator<RawLine, void, undefined> {
    if (!this.#isSkipping && this.#heldLength > 0) yield this.#raw(new Uint8Array(0), false)
  }

  #raw(rest: Uint8Array, tooLong: boolean): RawLine {
    let bytes = rest
    if (this.#heldLength > 0) {
      this.#hold(rest)
      bytes = this.#held.subarray(0, this.#heldLength)
    }
    return { line: this.#line, byteOffset: this.#lineOffset, bytes, tooLong }
  }

  #begin(offset: number): void {
    this.#line++
    this.#lineOffset = offset
    this.#heldLength = 0
    this.#isSkipping = false
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length
    if (length > this.#held.length) {
      // Doubles each time, so that a line in many small chunks is not copied once per chunk.
      const grown = new Uint8Array(Math.min(Math.max(length, this.#held.length * 2), this.#maxLineBytes))
      grown.set(this.#held.subarray(0, this.#heldLength))
      this.#held = grown
    }
    this.#held.set(bytes, this.#heldLength)
    this.#heldLength = length
  }
}
