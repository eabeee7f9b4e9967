/** The maximum size of all content that a client holds for `captureContent` at the same time, in bytes. Further content is left out. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

/** The memory that a client has for content that is being captured, or waits to be passed on. */
export class CaptureMemory {
  #held = 0

  /** Takes up to `bytes` bytes. @returns how many were taken */
  take(bytes: number): number {
    const taken = Math.min(bytes, MAX_HELD_BYTES - this.#held)
    this.#held += taken
    return taken
  }

  release(bytes: number): void {
    this.#held -= bytes
  }
}

/** The size of the first buffer for the bytes of a stream. It grows with the stream, since most answers are short. */
const FIRST_BUFFER_BYTES = 4096

/** One text, up to a maximum size: a body that was read whole, or the bytes of a stream that pass by. */
export class CapturedText {
  readonly #memory: CaptureMemory
  /** The number of bytes that may still be added. */
  #room: number
  /** The number of bytes that were added. */
  #size = 0
  #bytes: Uint8Array | undefined
  #text: string | undefined
  #isReleased = false
  /** Whether a part was left out. */
  isCut = false

  constructor(memory: CaptureMemory, maxBytes: number) {
    this.#memory = memory
    this.#room = maxBytes
  }

  /** Sets a whole text. If it is too long, its beginning is copied, so that the rest of it is not held in memory. */
  set(text: string): void {
    // A text has at least as many bytes as units of its length.
    const bytes = text.length > this.#room ? text.length : Buffer.byteLength(text)
    const taken = this.#take(bytes)
    this.isCut = taken < bytes
    if (!this.isCut) this.#text = text
    else this.#bytes = new Uint8Array(Buffer.from(text.slice(0, taken)).subarray(0, taken))
  }

  /** Adds the bytes of a stream. They are copied, since they may belong to a larger buffer. */
  add(bytes: Uint8Array): void {
    if (this.isCut || this.#isReleased) return
    const start = this.#size
    const taken = this.#take(bytes.length)
    this.isCut = taken < bytes.length
    this.#bytes = withRoomFor(this.#bytes, this.#size, this.#size + this.#room)
    this.#bytes.set(bytes.subarray(0, taken), start)
  }

  /** Notes that there is content that is no text, and is left out. */
  leaveOut(): void {
    this.isCut = true
  }

  /** Returns the text, without a character of which a part is missing. Undefined if the bytes are no text. */
  read(): string | undefined {
    if (this.#text !== undefined) return this.#text
    const bytes = this.#bytes?.subarray(0, this.#size) ?? new Uint8Array()
    if (bytes.includes(0)) {
      this.isCut = true
      return undefined
    }
    // With `stream`, a character that is not complete at the end is left out instead of being replaced.
    return new TextDecoder().decode(bytes, { stream: true })
  }

  release(): void {
    this.#memory.release(this.#size)
    this.#isReleased = true
    this.#size = 0
    this.#bytes = undefined
    this.#text = undefined
  }

  #take(bytes: number): number {
    const taken = this.#memory.take(Math.min(bytes, this.#room))
    this.#room -= taken
    this.#size += taken
    return taken
  }
}

/**
 * Returns a buffer with room for `size` bytes, and with the bytes of the given one.
 * @param maxSize the size that the buffer will have at most
 */
function withRoomFor(buffer: Uint8Array | undefined, size: number, maxSize: number): Uint8Array {
  if (buffer && buffer.length >= size) return buffer
  const larger = new Uint8Array(
    Math.min(maxSize, Math.max(FIRST_BUFFER_BYTES, size, 2 * (buffer?.length ?? 0))),
  )
  if (buffer) larger.set(buffer)
  return larger
}
