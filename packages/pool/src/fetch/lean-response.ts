import { LazyBody, type BodyChunks, type BodyContent } from './lazy-body.ts'
import { LeanHeaders, rawHeader, type RawHeaders } from './lean-headers.ts'

export interface LeanResponseInit {
  status: number
  statusText?: string | undefined
  headers?: RawHeaders | undefined
  /** The final URL. */
  url?: string | undefined
  redirected?: boolean | undefined
  /** Text or chunks. `return()` of the iterator is called when the reader has enough, even while `next()` is pending. */
  body?: BodyContent | undefined
}

// Response is declared with properties, which a class may not override with methods and accessors; so the class
// extends it unseen, and the interface says that it does.
const GenuineResponse = Response as unknown as new (body: null) => object

// eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unsafe-declaration-merging -- all of it is overridden
export interface LeanResponse extends Response {}

/**
 * A Response that costs next to nothing until it is looked at: `headers` are made when first read, `body` becomes a
 * stream when first read, and `text()` and its kin read the source without making one. It is `instanceof Response`
 * and does all that a Response does.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class LeanResponse extends GenuineResponse {
  readonly #init: LeanResponseInit
  readonly #body: LazyBody
  #headers: Headers | undefined

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

  /** One header, without making `headers`. */
  header(name: string): string | undefined {
    const { headers } = this.#init
    if (this.#headers || headers instanceof Headers) return this.headers.get(name) ?? undefined
    return rawHeader(headers, name.toLowerCase())
  }

  // As the user's own libraries declare it: Node's types and the DOM's do not agree on the type of a stream.
  get body(): Response['body'] {
    return this.#body.stream as Response['body']
  }

  get bodyUsed(): boolean {
    return this.#body.used
  }

  /** The body chunk by chunk, without a stream; the body counts as read. `return()` gives the connection back. */
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
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- a Response has it, so this one has it
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
