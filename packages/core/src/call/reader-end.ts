import type { StreamPiece } from '../protocols/pieces.ts'
import type { StreamBody } from './exchange.ts'

const unreachable = new FinalizationRegistry<StreamBody>((body) => {
  body.abandon(new Error('The stream was dropped unread, so its connection was given up.'))
})

/**
 * The reader's end of a stream. Whoever can still read holds this object; the socket and the timers hold only
 * what lies behind it. So when it is collected, nobody can read any more, and the connection is given back. Whoever has read to the
 * end finds the receipt closed.
 */
export class ReaderEnd implements AsyncIterableIterator<Uint8Array> {
  readonly #body: StreamBody
  readonly #source: AsyncIterator<Uint8Array>

  constructor(body: StreamBody) {
    this.#body = body
    this.#source = body.chunks[Symbol.asyncIterator]()
    unreachable.register(this, body, body)
    void body.ended.then(() => unreachable.unregister(body))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const result = await this.#source.next()
    if (result.done === true) await this.#body.ended
    return result
  }

  /** Whether `nextPiece()` may be called, instead of `next()`. */
  get hasPieces(): boolean {
    return this.#body.pieces !== undefined
  }

  /** The next bytes together with the events in them; undefined is the end. */
  async nextPiece(): Promise<StreamPiece | undefined> {
    const piece = await this.#body.pieces?.nextPiece()
    if (!piece) await this.#body.ended
    return piece
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#source.return?.()
    return { done: true, value: undefined }
  }
}
