import type { FaultEvent, ReadEvent, StreamPiece } from '../protocols/shared/stream-dialect.ts'
import type { SseEvent } from '../wire/sse-event.ts'

/** An event of our own, as it is sent. */
export function pieceOf({ name, json }: FaultEvent): StreamPiece {
  return { bytes: encode(name, JSON.stringify(json)), events: [{ name, json }] }
}

/** An event that came in an odd form, as every reader understands it. */
export function canonical(event: SseEvent): StreamPiece {
  return { bytes: encode(event.name, event.data ?? ''), events: [event] }
}

function encode(name: string | undefined, data: string): Uint8Array {
  const lines = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`)
  return new TextEncoder().encode(`${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`)
}

/** Takes the events of some bytes one by one, in order, and makes the piece that goes on to the reader. */
export class PassingEvents {
  readonly #bytes: Uint8Array
  readonly #events: readonly SseEvent[]
  /** What passes as it came, and is not yet among the parts. */
  #from = 0
  #to = 0
  #passed = 0
  /** Once something was left out or replaced. */
  #parts: Uint8Array[] | undefined
  #kept: ReadEvent[] | undefined

  constructor(bytes: Uint8Array, events: readonly SseEvent[]) {
    this.#bytes = bytes
    this.#events = events
  }

  /** How many bytes the next event has. */
  sizeOf({ end }: SseEvent): number {
    return end - this.#to
  }

  pass(event: SseEvent): void {
    this.#to = event.end
    this.#passed++
    this.#kept?.push(event)
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

  /** Undefined when nothing is left. */
  piece(): StreamPiece | undefined {
    if (!this.#parts || !this.#kept) {
      return this.#to === 0 ? undefined : { bytes: this.#bytes.subarray(0, this.#to), events: this.#events }
    }
    if (this.#to > this.#from) this.#parts.push(this.#bytes.subarray(this.#from, this.#to))
    return this.#parts.length === 0 ? undefined : { bytes: Buffer.concat(this.#parts), events: this.#kept }
  }
}
