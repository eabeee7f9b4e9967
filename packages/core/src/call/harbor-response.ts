import { leave } from '../wire/chunks-of.ts'
import { LeanResponse, type LeanResponseInit } from '@harbor/pool'
import type { JsonBody } from '../base/json.ts'
import type { StreamPiece } from '../protocols/shared/stream-dialect.ts'
import { carryReceipt, type Receipt } from '../reporting/receipt.ts'
import { isFailureStatus } from '../verdict/verdict.ts'
import type { Answer, StreamBody } from './exchange.ts'

/** Makes the `Response` for the caller's SDK, with Harbor's headers and the receipt. */
export function respond(answer: Answer, receipt: Receipt): Response {
  const { status, statusText, headers, url } = answer
  // The body has been decompressed, so the encoding and length in the original headers are wrong.
  headers.delete('content-encoding')
  headers.delete('content-length')
  headers.set('x-harbor-target', headerText(receipt.target))
  headers.set('x-harbor-attempts', String(receipt.attempts.length))
  if (isFailureStatus(status)) headers.set('x-should-retry', 'false') // the pipeline has made all useful retries
  if (receipt.cache) headers.set('x-harbor-cache', receipt.cache.status)
  if (receipt.cost) headers.set('x-harbor-cost-usd', receipt.cost.usd.toFixed(9))
  const response = new HarborResponse(answer, { status, statusText, headers, url })
  carryReceipt(response, receipt)
  carryReceipt(headers, receipt) // the SDK's errors hold the response's headers, but not the response
  return response
}

/** Makes a header value from a text. Replaces characters that headers do not allow by `?`, since the name of a model may contain them. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

/** The statuses of responses without a body. The constructor of `Response` throws for a body with such a status. */
const BODILESS = new Set([204, 205, 304])

/**
 * The `Response` for the caller's SDK. It also carries what Harbor has parsed already, for code that knows this class: the JSON or the
 * stream events.
 */
export class HarborResponse extends LeanResponse {
  /** A reader of the stream's bytes and parsed events; undefined when the events were not parsed. */
  readonly events: CollectableReader | undefined
  #json: JsonBody | undefined

  constructor({ body }: Pick<Answer, 'body'>, init: Omit<LeanResponseInit, 'body'> & { status: number }) {
    const reader = body.kind === 'stream' ? new CollectableReader(body) : undefined
    const content = reader ?? (body.kind === 'text' ? body.text : null)
    super({ ...init, body: BODILESS.has(init.status) ? null : content })
    this.events = reader?.hasPieces ? reader : undefined
    if (body.kind === 'text') this.#json = body.json
  }

  /**
   * Returns the parsed body, but only once, since the body then belongs to the caller. Returns undefined if the body was not parsed, or was
   * returned before.
   */
  takeJson(): JsonBody | undefined {
    const json = this.#json
    this.#json = undefined
    return json
  }
}

const collected = new FinalizationRegistry<StreamBody>((body) => {
  body.abandon(
    new Error('The stream was garbage-collected before it was read, so its connection was closed.'),
  )
})

/**
 * Reads a stream. If a caller drops this object before the end, it is garbage-collected, and the connection of the stream is released. For
 * that reason only readers reference this object; socket and timers reference the stream behind it. The end of the stream is returned only
 * when the receipt is closed.
 */
export class CollectableReader implements AsyncIterableIterator<Uint8Array> {
  readonly #body: StreamBody
  readonly #source: AsyncIterator<Uint8Array>

  constructor(body: StreamBody) {
    this.#body = body
    this.#source = body.chunks[Symbol.asyncIterator]()
    collected.register(this, body, body)
    void body.ended.then(() => collected.unregister(body))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const result = await this.#source.next()
    if (result.done === true) await this.#body.ended
    return result
  }

  /** Whether `nextPiece()` can be called instead of `next()`, because the stream has parsed events. */
  get hasPieces(): boolean {
    return this.#body.pieces !== undefined
  }

  /** Returns the next bytes together with the events in them; undefined at the end. */
  async nextPiece(): Promise<StreamPiece | undefined> {
    const piece = await this.#body.pieces?.nextPiece()
    if (!piece) await this.#body.ended
    return piece
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    return leave(this.#source)
  }
}
