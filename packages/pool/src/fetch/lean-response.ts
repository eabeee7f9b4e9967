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
/** The global `Response` class, as a type that can be extended with methods. */
const GenuineResponse = Response as unknown as new (body: null) => object

/** A Response without the cost of a stream: see the class of the same name. It has all members of `Response`. */
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

  /** The HTTP status. */
  get status(): number {
    return this.#init.status
  }

  /** The text after the status; empty if there is none. */
  get statusText(): string {
    return this.#init.statusText ?? ''
  }

  /** Whether the status is from 200 to 299. */
  get ok(): boolean {
    return this.#init.status >= 200 && this.#init.status <= 299
  }

  /** The final URL, after redirects; empty if it is not known. */
  get url(): string {
    return this.#init.url ?? ''
  }

  /** Whether a redirect led to this response. */
  get redirected(): boolean {
    return this.#init.redirected ?? false
  }

  get type(): 'basic' | 'default' {
    return this.#init.url === undefined ? 'default' : 'basic'
  }

  /** The headers, created on first access. For a single one, `header()` is faster. */
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
  /** The body as a stream, created on first access; null if there is none. `chunks()` is faster. */
  get body(): Response['body'] {
    return this.#body.stream as Response['body']
  }

  /** Whether the body has been read, in whatever way. */
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

  /** Reads the whole body as text in UTF-8. Rejects with a TypeError if it was read before. */
  text(): Promise<string> {
    return this.#body.text()
  }

  /** Reads the whole body as JSON. Rejects with a SyntaxError if it is not JSON, and with a TypeError if it was read before. */
  async json(): Promise<unknown> {
    return JSON.parse(await this.#body.text())
  }

  /** Reads the whole body as bytes. Rejects with a TypeError if it was read before. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#body.bytes()
  }

  /** Reads the whole body into an ArrayBuffer. Rejects with a TypeError if it was read before. */
  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.#body.bytes()).buffer
  }

  /** Reads the whole body into a Blob with the content type of the response. Rejects with a TypeError if it was read before. */
  async blob(): Promise<Blob> {
    return new Blob([await this.#body.bytes()], { type: this.header('content-type') ?? '' })
  }

  /** Reads the whole body as form data. Rejects with a TypeError if it is no form data, or was read before. */
  formData(): Promise<FormData> {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- a Response has this method
    return new Response(this.#body.stream, { headers: this.headers }).formData()
  }

  /** Returns a second response with the same body, so that it can be read twice. Throws a TypeError if it was read before. */
  clone(): LeanResponse {
    const headers = this.#headers ? new Headers(this.#headers) : this.#init.headers
    return new LeanResponse({ ...this.#init, headers, body: this.#body.clone() })
  }
}

function makeHeaders(raw: RawHeaders | undefined): Headers {
  return raw instanceof Headers ? raw : new LeanHeaders(raw)
}
