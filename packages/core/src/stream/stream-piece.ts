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
 * Builds the piece that is passed to the reader from the events of one chunk. Call `pass`, `replace` or `drop` for each event, in order.
 */
export class PassingEvents {
  readonly #bytes: Uint8Array
  readonly #events: readonly SseEvent[]
  /** The bytes from `#from` to `#to` are passed unchanged, and are not in `#parts` yet. */
  #from = 0
  #to = 0
  #passed = 0
  /** The pieces of the result; undefined until an event is dropped or replaced. */
  #parts: Uint8Array[] | undefined
  #kept: ReadEvent[] | undefined

  constructor(bytes: Uint8Array, events: readonly SseEvent[]) {
    this.#bytes = bytes
    this.#events = events
  }

  /** The size in bytes of an event, which must be the one that is passed, replaced or dropped next. */
  sizeOf({ end }: SseEvent): number {
    return end - this.#to
  }

  pass(event: SseEvent): void {
    this.#to = event.end
    this.#passed++
    this.#kept?.push(event)
  }

  /** Passes an event under this name: unchanged if it has the name and the usual form, else encoded again. */
  passAs(event: SseEvent, name: string | undefined): void {
    if (event.form !== 'odd' && event.name === name) this.pass(event)
    else this.replace(event, [canonical({ ...event, name })])
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

  /** The piece for the reader; undefined when all events were dropped. */
  piece(): StreamPiece | undefined {
    if (!this.#parts || !this.#kept) {
      return this.#to === 0 ? undefined : { bytes: this.#bytes.subarray(0, this.#to), events: this.#events }
    }
    if (this.#to > this.#from) this.#parts.push(this.#bytes.subarray(this.#from, this.#to))
    return this.#parts.length === 0 ? undefined : { bytes: Buffer.concat(this.#parts), events: this.#kept }
  }
}
