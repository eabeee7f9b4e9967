import type { JsonBody } from '../wire/operation.ts'

const CR = 13
const LF = 10

/** One server-sent event, whole. */
export interface SseEvent {
  /** The `event:` field. */
  readonly name: string | undefined
  /** The `data:` fields, joined by line feeds; undefined for comments and other events without data. */
  readonly data: string | undefined
  /** Where the event ends within the bytes it was split from. */
  readonly end: number
  /** The data as an object, once somebody has parsed it. */
  json?: JsonBody
}

export interface SseSplit {
  /** Everything up to the last event boundary, as it came. */
  readonly bytes: Uint8Array
  readonly events: readonly SseEvent[]
}

const NOTHING: SseSplit = { bytes: new Uint8Array(0), events: [] }

/**
 * Cuts a byte stream at the ends of its events, wherever the network cut it, and keeps the unfinished rest. Every
 * byte is looked at once, however large its event is.
 * Source: the event stream format of the HTML standard (lines end in LF, CRLF or CR; a blank line ends an event).
 */
export class SseSplitter {
  readonly #decoder = new TextDecoder()
  /** The pieces of the unfinished event. */
  #rest: Uint8Array[] = []
  #restBytes = 0
  #lineBytes = 0
  #afterCR = false

  /** How many bytes wait for their event to end. */
  get pendingBytes(): number {
    return this.#restBytes
  }

  push(chunk: Uint8Array): SseSplit {
    const ends = this.#scan(chunk)
    const last = ends.at(-1)
    if (last === undefined) {
      this.#keep(chunk)
      return NOTHING
    }
    const offset = this.#restBytes
    const bytes = concat(this.#rest, last === chunk.length ? chunk : chunk.subarray(0, last))
    this.#rest = []
    this.#restBytes = 0
    if (last < chunk.length) this.#keep(chunk.subarray(last))
    return { bytes, events: ends.map((end, index) => this.#event(bytes, offset, ends[index - 1], end)) }
  }

  /** Where events end within a chunk. */
  #scan(chunk: Uint8Array): number[] {
    const ends: number[] = []
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte === LF && this.#afterCR) {
        this.#afterCR = false
        // The second half of a line end. After the CR that ended an event it belongs to that event.
        if (ends.at(-1) === at) ends[ends.length - 1] = at + 1
        else if (at === 0 && this.#restBytes === 0) ends.push(1)
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

  #keep(piece: Uint8Array): void {
    this.#rest.push(piece)
    this.#restBytes += piece.length
  }

  #event(bytes: Uint8Array, offset: number, previousEnd: number | undefined, chunkEnd: number): SseEvent {
    const start = previousEnd === undefined ? 0 : offset + previousEnd
    const end = offset + chunkEnd
    let name: string | undefined
    let data: string | undefined
    for (const line of this.#decoder.decode(bytes.subarray(start, end)).split(/\r\n|\n|\r/)) {
      if (line.startsWith('data:')) {
        const value = fieldValue(line, 5)
        data = data === undefined ? value : `${data}\n${value}`
      } else if (line === 'data') {
        data = data === undefined ? '' : `${data}\n`
      } else if (line.startsWith('event:')) {
        name = fieldValue(line, 6)
      }
    }
    return { name, data, end }
  }
}

/** One space after the colon belongs to the format, not to the value. */
function fieldValue(line: string, from: number): string {
  return line.slice(line.charCodeAt(from) === 32 ? from + 1 : from)
}

function concat(pieces: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  return pieces.length === 0 ? last : Buffer.concat([...pieces, last])
}
