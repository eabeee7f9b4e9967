import type { StreamBody } from '../call/exchange.ts'
import type { AnswerProof } from '../protocols/protocol.ts'
import type { StreamPiece, StreamPieces } from '../protocols/shared/stream-dialect.ts'

/** So many pieces are put by for a reader who is slow to come for them; the rest is parsed once more. */
const MOST_ASIDE = 64

/**
 * A guarded stream on its way into the cache: bytes for the recording, and what the guard has parsed of them for those who need not
 * parse it again: the proof that the answer is whole, and the caller whose call it is.
 */
export class PassingPieces implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly proof: AnswerProof
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #pieces: StreamPieces
  readonly #aside = new Map<Uint8Array, StreamPiece>()
  #isWanted = true

  constructor({ chunks }: StreamBody, pieces: StreamPieces, proof: AnswerProof) {
    this.proof = proof
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#pieces = pieces
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = await this.#pieces.nextPiece()
    if (!piece) return { done: true, value: undefined }
    for (const { name, json } of piece.events) if (json) this.proof.add(name, json)
    if (this.#isWanted && this.#aside.size < MOST_ASIDE) this.#aside.set(piece.bytes, piece)
    return { done: false, value: piece.bytes }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#chunks.return?.()
    return { done: true, value: undefined }
  }

  /** What was parsed of this chunk, for one reader alone, since each gets objects of his own. */
  take(chunk: Uint8Array): StreamPiece | undefined {
    const piece = this.#aside.get(chunk)
    if (piece) this.#aside.delete(chunk)
    return piece
  }

  /** Nobody comes for what was parsed. */
  leave(): void {
    this.#isWanted = false
    this.#aside.clear()
  }
}
