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
}

export interface SseSplit {
  /** Everything up to the last event boundary, as it came. */
  readonly bytes: Uint8Array
  readonly events: readonly SseEvent[]
}

const NOTHING: SseSplit = { bytes: new Uint8Array(0), events: [] }

/**
 * Cuts a byte stream at the ends of its events, wherever the network cut it, and keeps the unfinished rest.
 * Source: the event stream format of the HTML standard (lines end in LF, CRLF or CR; a blank line ends an event).
 */
export class SseSplitter {
  #rest: Uint8Array | undefined
  readonly #decoder = new TextDecoder()

  /** How many bytes wait for their event to end. */
  get pendingBytes(): number {
    return this.#rest?.length ?? 0
  }

  push(chunk: Uint8Array): SseSplit {
    const bytes = this.#rest ? concat(this.#rest, chunk) : chunk
    const events: SseEvent[] = []
    let eventStart = 0
    let lineStart = 0
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte !== LF && byte !== CR) continue
      const blank = at === lineStart
      if (byte === CR && bytes[at + 1] === LF) at++
      lineStart = at + 1
      if (!blank) continue
      events.push(this.#event(bytes, eventStart, lineStart))
      eventStart = lineStart
    }
    this.#rest = eventStart < bytes.length ? bytes.subarray(eventStart) : undefined
    if (eventStart === 0) return NOTHING
    return { bytes: eventStart === bytes.length ? bytes : bytes.subarray(0, eventStart), events }
  }

  #event(bytes: Uint8Array, start: number, end: number): SseEvent {
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

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
