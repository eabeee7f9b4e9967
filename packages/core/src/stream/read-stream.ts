import type { StreamEnd } from '../call/exchange.ts'
import type { StreamDialect } from './dialect.ts'
import type { StreamPiece } from './guarded-stream.ts'
import { pieceOf } from './guarded-stream.ts'
import { SseSplitter } from './sse-splitter.ts'
import { asFault } from './stream-fault.ts'
import { StreamFaultError } from '../errors.ts'

/** The bytes of a stream that was guarded before, read by one caller. */
export interface GuardedBytes extends AsyncIterator<Uint8Array, undefined> {
  cancel(reason?: unknown): void
}

/**
 * A caller's own reading of a stream that was recorded, or is being recorded. Its events are read once more, since each caller
 * gets objects of his own; how the stream ended is told by its events.
 */
export class ReadStream implements AsyncIterableIterator<Uint8Array> {
  readonly ended: Promise<StreamEnd>
  readonly dialect: StreamDialect
  readonly #source: GuardedBytes
  readonly #splitter = new SseSplitter()
  readonly #settle: (end: StreamEnd) => void
  readonly #hasLeft: () => boolean
  #fault: StreamFaultError | undefined
  #over = false

  /** @param hasLeft whether the caller himself has ended the call: he is told so, and not of a fault */
  constructor(source: GuardedBytes, dialect: StreamDialect, hasLeft: () => boolean) {
    this.#source = source
    this.dialect = dialect
    this.#hasLeft = hasLeft
    const { promise, resolve } = Promise.withResolvers<StreamEnd>()
    this.ended = promise
    this.#settle = resolve
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = await this.nextPiece()
    return piece ? { done: false, value: piece.bytes } : { done: true, value: undefined }
  }

  /** Undefined is the end. @throws the reason for which the caller has left */
  async nextPiece(): Promise<StreamPiece | undefined> {
    if (this.#over) return undefined
    try {
      for (let chunk = await this.#source.next(); chunk.done !== true; chunk = await this.#source.next()) {
        const { bytes, events } = this.#splitter.push(chunk.value)
        if (bytes.length === 0) continue
        for (const event of events) this.#note(this.dialect.read(event))
        return { bytes, events }
      }
    } catch (error) {
      return this.#broken(error)
    }
    this.#end(
      this.#fault || !this.dialect.proven
        ? { outcome: 'failure', fault: this.#fault }
        : { outcome: 'success' },
    )
    return undefined
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.abandon(new Error('The reader of the stream left before its end.'))
    return { done: true, value: undefined }
  }

  abandon(reason: Error): void {
    this.#source.cancel(reason)
    this.#end({ outcome: this.dialect.proven ? 'success' : 'aborted' })
  }

  #note(meaning: ReturnType<StreamDialect['read']>): void {
    if (meaning instanceof Error) this.#fault = meaning
  }

  /** Tells in band, as a guarded stream does. */
  #broken(error: unknown): StreamPiece {
    if (this.#hasLeft()) {
      this.#end({ outcome: 'aborted' })
      throw error
    }
    const fault = asFault(error)
    this.#end({ outcome: 'failure', fault })
    return pieceOf(this.dialect.faultEvent(fault))
  }

  #end(end: StreamEnd): void {
    this.#over = true
    this.#settle({ ...end, contents: this.dialect.contents })
  }
}
