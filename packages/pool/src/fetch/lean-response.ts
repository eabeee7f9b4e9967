import { LazyBody, type BodyChunks, type BodyContent } from './lazy-body.ts'
import { LeanHeaders, rawHeader, type RawHeaders } from './lean-headers.ts'

/** What a LeanResponse is made of. */
export interface LeanResponseInit {
  /** The HTTP status. It is not checked. */
  status: number
  /** The text after the status. @default an empty text */
  statusText?: string | undefined
  /** The headers; a `Headers` object is used as it is, not copied. @default none */
  headers?: RawHeaders | undefined
  /** The final URL of the response, after redirects. @default an empty text, and a `type` of `default` instead of `basic` */
  url?: string | undefined
  /** Whether a redirect led to this response. @default false */
  redirected?: boolean | undefined
  /**
   * The body, as text or an iterable of chunks. If the reader stops early, `return()` of its iterator is called, even while a `next()` is pending.
   * @default null, no body
   */
  body?: BodyContent | undefined
}

// TypeScript declares the members of Response as properties, which a class cannot override with methods and accessors. So the class
// extends an opaque type, and the merged interface declares that it is a Response.
const GenuineResponse = Response as unknown as new (body: null) => object

// eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unsafe-declaration-merging -- all of it is overridden
export interface LeanResponse extends Response {}

/**
 * A Response that creates `headers`, and the stream in `body`, on first access. `text()`, `json()` and `bytes()` read the source without
 * creating a stream. It passes `instanceof Response` and behaves like a Response.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class LeanResponse extends GenuineResponse {
  readonly #init: LeanResponseInit
  readonly #body: LazyBody
  #headers: Headers | undefined

  /** @param init the status, and what else the response has */
  constructor(init: LeanResponseInit) {
    super(null)
    this.#init = init
    this.#body = new LazyBody(init.body ?? null)
  }

  get status(): number {
    return this.#init.status
  }

  get statusText(): string {
    return this.#init.statusText ?? ''
  }

  get ok(): boolean {
    return this.#init.status >= 200 && this.#init.status <= 299
  }

  get url(): string {
    return this.#init.url ?? ''
  }

  get redirected(): boolean {
    return this.#init.redirected ?? false
  }

  get type(): 'basic' | 'default' {
    return this.#init.url === undefined ? 'default' : 'basic'
  }

  get headers(): Headers {
    return (this.#headers ??= makeHeaders(this.#init.headers))
  }

  /** Returns the value of one header, without creating `headers`; undefined if it is missing. `name` may be in any case. */
  header(name: string): string | undefined {
    const { headers } = this.#init
    if (this.#headers || headers instanceof Headers) return this.headers.get(name) ?? undefined
    return rawHeader(headers, name.toLowerCase())
  }

  // The type that the user's libraries declare, since the types of Node and the DOM disagree on streams.
  get body(): Response['body'] {
    return this.#body.stream as Response['body']
  }

  get bodyUsed(): boolean {
    return this.#body.used
  }

  /**
   * Reads the body chunk by chunk, without a stream; it ends at once if there is no body. This uses up the body, as `text()` does. To stop early and
   * release the connection, call `return()` of the iterator.
   */
  chunks(): BodyChunks {
    return this.#body.chunks()
  }

  text(): Promise<string> {
    return this.#body.text()
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.#body.text())
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#body.bytes()
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.#body.bytes()).buffer
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.#body.bytes()], { type: this.header('content-type') ?? '' })
  }

  formData(): Promise<FormData> {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- a Response has this method
    return new Response(this.#body.stream, { headers: this.headers }).formData()
  }

  clone(): LeanResponse {
    const headers = this.#headers ? new Headers(this.#headers) : this.#init.headers
    return new LeanResponse({ ...this.#init, headers, body: this.#body.clone() })
  }
}

function makeHeaders(raw: RawHeaders | undefined): Headers {
  return raw instanceof Headers ? raw : new LeanHeaders(raw)
}
