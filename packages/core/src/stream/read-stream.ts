import type { StreamEnd } from '../call/exchange.ts'
import { PieceStream, stoppedReading } from './piece-stream.ts'
import { pieceOf } from './stream-piece.ts'
import type { StreamDialect, StreamPiece } from '../protocols/shared/stream-dialect.ts'
import { parseEvent } from '../protocols/shared/in-band-fault.ts'
import { DONE, type SseEvent } from '../wire/sse-event.ts'
import { SseSplitter } from '../wire/sse-splitter.ts'
import { asFault } from './stream-fault.ts'
import { StreamFaultError } from '../base/errors.ts'
import type { JsonBody } from '../base/json.ts'

/** The bytes of a stream after a `GuardedStream` has checked them, as one caller reads them. */
export interface GuardedBytes extends AsyncIterator<Uint8Array, undefined> {
  cancel(reason?: unknown): void
}

/** Gives one caller the events that the guard has parsed in a chunk, so that the caller need not parse them again. */
export interface ParsedPieces {
  take(chunk: Uint8Array): StreamPiece | undefined
  /** Called when the caller will not take any more parsed events. */
  stopSharing(): void
}

export interface ReadStreamOptions {
  /**
   * Returns whether the caller itself has ended the call. If so, a failed read rejects with the caller's reason; otherwise it ends the
   * stream with an event that reports the fault.
   */
  readonly hasLeft: () => boolean
  /**
   * The events that the guard has parsed. Set only for the caller that started the upstream call. The `dialect` of that caller is the
   * guard's own, which has already read these events.
   */
  readonly parsed?: ParsedPieces | undefined
  /** Called with the provider's id of the answer as soon as an event reports it. */
  readonly onResponseId?: ((id: string) => void) | undefined
}

/**
 * One caller's view of a stream that the cache has recorded, or is still recording. Callers never share event objects: the caller that
 * started the upstream call gets the events that the guard parsed, and the others parse the bytes again. Either way, the events show how
 * the stream ended.
 */
export class ReadStream extends PieceStream {
  override readonly dialect: StreamDialect
  readonly #source: GuardedBytes
  readonly #splitter = new SseSplitter()
  readonly #options: ReadStreamOptions
  #fault: StreamFaultError | undefined
  #over = false

  constructor(source: GuardedBytes, dialect: StreamDialect, options: ReadStreamOptions) {
    super()
    this.#source = source
    this.dialect = dialect
    this.#options = options
  }

  /** Returns the next bytes with the events in them; undefined at the end. @throws the reason with which the caller ended the call */
  override async nextPiece(): Promise<StreamPiece | undefined> {
    if (this.#over) return undefined
    try {
      for (let chunk = await this.#source.next(); chunk.done !== true; chunk = await this.#source.next()) {
        const piece = this.#options.parsed ? this.#takeParsed(chunk.value) : this.#parse(chunk.value)
        if (piece.bytes.length > 0) return piece
      }
    } catch (error) {
      return this.#reportBroken(error)
    }
    this.#end(
      this.#fault || !this.dialect.proven
        ? { outcome: 'failure', fault: this.#fault }
        : { outcome: 'success' },
    )
    return undefined
  }

  override async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.abandon(stoppedReading())
    return { done: true, value: undefined }
  }

  abandon(reason: Error): void {
    this.#source.cancel(reason)
    this.#end({ outcome: this.dialect.proven ? 'success' : 'aborted' })
  }

  /**
   * Makes the piece for a chunk that the guard has already read. The events in it are those that the guard parsed, if they are still
   * buffered; otherwise they are parsed again.
   */
  #takeParsed(chunk: Uint8Array): StreamPiece {
    const known = this.#options.parsed?.take(chunk)
    if (known) {
      for (const { name, json } of known.events) this.#noteFault(name, json)
      return known
    }
    const piece = this.#splitter.push(chunk)
    for (const event of piece.events) this.#noteFault(event.name, jsonOf(event))
    return piece
  }

  #noteFault(name: string | undefined, json: JsonBody | undefined): void {
    if (json) this.#fault ??= this.dialect.faultIn(name, json)
  }

  #parse(chunk: Uint8Array): StreamPiece {
    const piece = this.#splitter.push(chunk)
    for (const event of piece.events) {
      const meaning = this.dialect.read(event)
      if (meaning instanceof Error) this.#fault = meaning
    }
    if (this.dialect.responseId !== undefined) this.#options.onResponseId?.(this.dialect.responseId)
    return piece
  }

  /**
   * Ends the stream with an event that reports the fault, as a guarded stream does. Throws the error instead if the caller has ended the
   * call.
   */
  #reportBroken(error: unknown): StreamPiece {
    if (this.#options.hasLeft()) {
      this.#end({ outcome: 'aborted' })
      throw error
    }
    const fault = asFault(error)
    this.#end({ outcome: 'failure', fault })
    return pieceOf(this.dialect.faultEvent(fault))
  }

  #end(end: StreamEnd): void {
    this.#over = true
    this.#options.parsed?.stopSharing()
    this.settle(end)
  }
}

/** Parses again the data of an event that the guard has checked and passed on. */
function jsonOf(event: SseEvent): JsonBody | undefined {
  return event.data === undefined || event.data === DONE ? undefined : parseEvent(event)
}
