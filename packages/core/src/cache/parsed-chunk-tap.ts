import { leave } from '../wire/chunks-of.ts'
import type { StreamBody } from '../call/exchange.ts'
import type { AnswerProof } from '../protocols/protocol.ts'
import type { StreamPiece, StreamPieces } from '../protocols/shared/stream-dialect.ts'

/** The maximum number of chunks whose parsed events are buffered for the caller. The caller parses further chunks itself. */
const MAX_PENDING = 64

/**
 * Passes the bytes of a stream to the recording of the cache. The stream has been parsed before, to check it. The parsed events are used
 * twice: by `proof`, which decides whether the answer is complete, and by the caller that started the upstream call, which then need not
 * parse them again.
 */
export class ParsedChunkTap implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly proof: AnswerProof
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #pieces: StreamPieces
  readonly #pending = new Map<Uint8Array, StreamPiece>()
  #isShared = true

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
    if (this.#isShared && this.#pending.size < MAX_PENDING) this.#pending.set(piece.bytes, piece)
    return { done: false, value: piece.bytes }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    return leave(this.#chunks)
  }

  /** Returns the parsed events of a chunk. Returns them only once, since two readers must not share the same objects. */
  take(chunk: Uint8Array): StreamPiece | undefined {
    const piece = this.#pending.get(chunk)
    if (piece) this.#pending.delete(chunk)
    return piece
  }

  /** Called when the caller will not take any more parsed chunks. */
  stopSharing(): void {
    this.#isShared = false
    this.#pending.clear()
  }
}
