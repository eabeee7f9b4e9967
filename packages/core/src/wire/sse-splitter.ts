import { readEvent, type SseEvent } from './sse-event.ts'

const CR = 13
const LF = 10

export interface SseSplit {
  /** The bytes up to the end of the last complete event, unchanged. */
  readonly bytes: Uint8Array
  /** The complete events in `bytes`. */
  readonly events: readonly SseEvent[]
}

const NOTHING: SseSplit = { bytes: new Uint8Array(0), events: [] }

/**
 * Splits a byte stream into events, however the network has split it into chunks. Buffers the bytes of an unfinished event until the next
 * chunk. Each byte is scanned once, however large its event is.
 * Source: the event stream format of the HTML standard (lines end in LF, CRLF or CR; a blank line ends an event).
 */
export class SseSplitter {
  readonly #decoder = new TextDecoder()
  /** The pieces of the unfinished event. */
  #unfinished: Uint8Array[] = []
  #unfinishedBytes = 0
  #lineBytes = 0
  #afterCR = false

  /** The number of bytes of the unfinished event. */
  get pendingBytes(): number {
    return this.#unfinishedBytes
  }

  push(chunk: Uint8Array): SseSplit {
    const ends = this.#scan(chunk)
    const last = ends.at(-1)
    if (last === undefined) {
      this.#keep(chunk)
      return NOTHING
    }
    const offset = this.#unfinishedBytes
    const bytes = concat(this.#unfinished, last === chunk.length ? chunk : chunk.subarray(0, last))
    this.#unfinished = []
    this.#unfinishedBytes = 0
    if (last < chunk.length) this.#keep(chunk.subarray(last))
    return { bytes, events: ends.map((end, index) => this.#event(bytes, offset, ends[index - 1], end)) }
  }

  /** Returns the index after the last byte of each event that ends within a chunk. */
  #scan(chunk: Uint8Array): number[] {
    if (!this.#afterCR && chunk.indexOf(CR) === -1) return this.#scanLines(chunk)
    const ends: number[] = []
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte === LF && this.#afterCR) {
        this.#afterCR = false
        // The LF of a CRLF. If the CR ended an event, the LF belongs to that event, too.
        if (ends.at(-1) === at) ends[ends.length - 1] = at + 1
        else if (at === 0 && this.#unfinishedBytes === 0) ends.push(1)
      } else if (byte === LF || byte === CR) {
        this.#afterCR = byte === CR
        if (this.#lineBytes === 0) ends.push(at + 1)
        this.#lineBytes = 0
      } else {
        this.#afterCR = false
        this.#lineBytes++
      }
    }
    return ends
  }

  /** Does the same as `#scan`, but faster, for a chunk without CR. Nearly all chunks are without CR. */
  #scanLines(chunk: Uint8Array): number[] {
    const ends: number[] = []
    let lineStart = 0
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, lineStart)) {
      if (this.#lineBytes + at === lineStart) ends.push(at + 1)
      this.#lineBytes = 0
      lineStart = at + 1
    }
    this.#lineBytes += chunk.length - lineStart
    return ends
  }

  #keep(piece: Uint8Array): void {
    this.#unfinished.push(piece)
    this.#unfinishedBytes += piece.length
  }

  #event(bytes: Uint8Array, offset: number, previousEnd: number | undefined, chunkEnd: number): SseEvent {
    const start = previousEnd === undefined ? 0 : offset + previousEnd
    const end = offset + chunkEnd
    return readEvent(this.#decoder.decode(bytes.subarray(start, end)), end)
  }
}

function concat(pieces: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  return pieces.length === 0 ? last : Buffer.concat([...pieces, last])
}
