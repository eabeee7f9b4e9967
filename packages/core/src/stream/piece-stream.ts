import type { StreamEnd } from '../call/exchange.ts'
import type { StreamDialect, StreamPiece, StreamPieces } from '../protocols/shared/stream-dialect.ts'

/** A stream that is read in pieces. A reader without use for the events in them gets the bytes alone. */
export abstract class PieceStream implements AsyncIterableIterator<Uint8Array>, StreamPieces {
  /** Resolves when the stream has ended, whether it succeeded, failed or was aborted; never rejects. */
  readonly ended: Promise<StreamEnd>
  abstract readonly dialect: StreamDialect
  protected readonly settle: (end: StreamEnd) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<StreamEnd>()
    this.ended = promise
    this.settle = resolve
  }

  abstract nextPiece(): Promise<StreamPiece | undefined>

  abstract return(): Promise<IteratorResult<Uint8Array, undefined>>

  [Symbol.asyncIterator](): this {
    return this
  }

  /** @throws what `nextPiece` throws */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = await this.nextPiece()
    return piece ? { done: false, value: piece.bytes } : { done: true, value: undefined }
  }
}

/** The reason of a stream whose reader stops before its end. */
export const stoppedReading = (): Error => new Error('The caller stopped reading the stream before its end.')
