import type { FaultEvent, ReadEvent, StreamPiece } from '../protocols/shared/stream-dialect.ts'
import type { SseEvent } from '../wire/sse-event.ts'

/** Encodes an event that Harbor made. */
export function pieceOf({ name, json }: FaultEvent): StreamPiece {
  return { bytes: encode(name, JSON.stringify(json)), events: [{ name, json }] }
}

/** Encodes an event in the form that every SSE parser understands. Used for events that were received in an unusual form. */
function canonical(event: SseEvent): StreamPiece {
  return { bytes: encode(event.name, event.data ?? ''), events: [event] }
}

function encode(name: string | undefined, data: string): Uint8Array {
  const lines = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`)
  return new TextEncoder().encode(`${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`)
}

/**
 * Builds the piece that the reader gets for one chunk. Call `pass`, `replace` or `drop` for each event of the chunk, in order, and then
 * `piece`.
 */
export class PassingEvents {
  readonly #bytes: Uint8Array
  readonly #events: readonly SseEvent[]
  /** The start of the bytes that are passed unchanged, but are not in `#parts` yet. `#to` is their end. */
  #from = 0
  #to = 0
  #passed = 0
  /** The bytes of the result, in parts; undefined until an event is dropped or replaced. */
  #parts: Uint8Array[] | undefined
  #kept: ReadEvent[] | undefined

  constructor(bytes: Uint8Array, events: readonly SseEvent[]) {
    this.#bytes = bytes
    this.#events = events
  }

  /** Returns the size of an event in bytes. The event must be the next one that is passed, replaced or dropped. */
  sizeOf({ end }: SseEvent): number {
    return end - this.#to
  }

  pass(event: SseEvent): void {
    this.#to = event.end
    this.#passed++
    this.#kept?.push(event)
  }

  /**
   * Passes an event as its reader reads it. It stays unchanged if that is the same event, in the usual form; otherwise it is encoded again,
   * and dropped if its reader needs no data of it.
   */
  passAs(event: SseEvent, asRead = event): void {
    if (asRead.data === undefined) this.drop(event)
    else if (asRead === event && event.form !== 'odd') this.pass(event)
    else this.replace(event, [canonical(asRead)])
  }

  replace(event: SseEvent, pieces: readonly StreamPiece[]): void {
    this.#kept ??= this.#events.slice(0, this.#passed)
    this.#parts ??= []
    if (this.#to > this.#from) this.#parts.push(this.#bytes.subarray(this.#from, this.#to))
    for (const { bytes, events } of pieces) {
      this.#parts.push(bytes)
      this.#kept.push(...events)
    }
    this.#from = event.end
    this.#to = event.end
  }

  drop(event: SseEvent): void {
    this.replace(event, [])
  }

  /** Returns the piece for the reader; undefined if all events were dropped. */
  piece(): StreamPiece | undefined {
    if (!this.#parts || !this.#kept) {
      return this.#to === 0 ? undefined : { bytes: this.#bytes.subarray(0, this.#to), events: this.#events }
    }
    if (this.#to > this.#from) this.#parts.push(this.#bytes.subarray(this.#from, this.#to))
    return this.#parts.length === 0 ? undefined : { bytes: Buffer.concat(this.#parts), events: this.#kept }
  }
}
