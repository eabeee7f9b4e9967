import { describeValue } from '@harbor/parts'
import { IdsHash } from '../ids/ids-hash.ts'
import type { ProviderBatchRequest } from './contracts.ts'
import type { BatchLimits } from './run-settings.ts'
import type { BatchVendor } from './vendor.ts'

/** The requests of one part, encoded as lines, with their total number of bytes and tokens. */
export class RequestLines {
  readonly pieces: Uint8Array<ArrayBuffer>[] = []
  readonly #hash = new IdsHash()
  bytes = 0
  tokens = 0

  get count(): number {
    return this.pieces.length
  }

  get idsHash(): string {
    return this.#hash.toString()
  }

  add({ id, line, tokens }: RequestLine): void {
    this.#hash.add(id)
    this.pieces.push(line)
    this.bytes += line.length
    this.tokens += tokens
  }

  /** Whether the file has room for this request, too. */
  hasRoomFor({ line, tokens }: RequestLine, { maxRequests, maxBytes, enqueuedTokens }: Bounds): boolean {
    return (
      this.count < maxRequests &&
      this.bytes + line.length <= maxBytes &&
      // A request that exceeds `enqueuedTokens` by itself gets a file of its own: the provider may accept it.
      (this.count === 0 || this.tokens + tokens <= enqueuedTokens)
    )
  }
}

export interface RequestLine {
  id: string
  line: Uint8Array<ArrayBuffer>
  tokens: number
}

export type Bounds = Pick<BatchLimits, 'maxRequests' | 'maxBytes' | 'enqueuedTokens'>

const encoder = new TextEncoder()

/** Checks a request, and encodes it as the vendor does. `index` is its position in the source. */
export function requestLine(
  request: ProviderBatchRequest,
  index: number,
  vendor: Pick<BatchVendor, 'encode'>,
  { tokensOf }: Pick<BatchLimits, 'tokensOf'>,
): RequestLine {
  if (typeof request !== 'object' || (request as unknown) === null)
    throw new TypeError(`a request must be { id, body }, got ${describeValue(request)}`)
  const { id, body } = request
  if (typeof id !== 'string' || id === '')
    throw new TypeError(`id of a request must be a string that is not empty, got ${describeValue(id)}`)
  if (typeof body !== 'object' || (body as unknown) === null)
    throw new TypeError(`body of a request must be an object, got ${describeValue(body)}`)
  const line = encoder.encode(`${vendor.encode(request, index)}\n`)
  const tokens = tokensOf ? tokensOf(request) : Math.ceil(line.length / 4)
  if (!(tokens >= 0 && tokens < Infinity))
    throw new TypeError(`tokensOf must return a finite number of at least 0, got ${describeValue(tokens)}`)
  return { id, line, tokens }
}
