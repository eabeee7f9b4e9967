import { LeanHeaders } from '@harbor/pool'

/** Of one endpoint, so many kinds of calls are told apart: by timeout, helper and credential. */
const MOST_KINDS = 20
/** Some paths hold an id, and are never seen again. */
const MOST_PATHS = 100

/** What a client sends that no call of its kind changes. */
export interface KnownRequest {
  readonly url: string
  /** Shared by all calls of the kind: to be read only. */
  readonly headers: Headers
}

/** A call as the SDK is given it. */
export interface CallOptions {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly stream?: boolean | undefined
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | null | undefined
  readonly __security?: { readonly bearerAuth?: boolean; readonly adminAPIKeyAuth?: boolean } | undefined
  readonly __metadata?: Readonly<Record<string, unknown>> | undefined
}

/** What of a client goes into its requests. */
export interface Client {
  readonly apiKey: string | null
  readonly adminAPIKey: string | null
  readonly organization: string | null
  readonly project: string | null
  readonly baseURL: string
  readonly logLevel?: string | undefined
  readonly idempotencyHeader?: string | undefined
  readonly fetchOptions?: unknown
  readonly fetch?: unknown
  readonly _options?: Readonly<Record<string, unknown>> | undefined
  readonly _provider?: unknown
  readonly _workloadIdentityAuth?: unknown
}

interface Kind extends KnownRequest {
  readonly ingredients: readonly unknown[]
  /** Seen once; known, when the SDK has made the same of a second call; changing, when it has not, and is asked every time. */
  state: 'seen' | 'known' | 'changing'
}

/**
 * What the SDK makes of calls that send an object as JSON, by their kind. It is learned by watching: whatever goes into a request comes
 * from the SDK itself, and only what was the same twice is taken to be the same from then on. Whoever adds something of his own, to the
 * client or to a call, is left to the SDK.
 */
export class KnownRequests {
  readonly #byPath = new Map<string, Kind[]>()

  find(client: Client, options: CallOptions): KnownRequest | undefined {
    const kinds = this.#byPath.get(options.path)
    if (!kinds || !isPlain(client, options)) return undefined
    const kind = kindIn(kinds, ingredientsOf(client, options))
    return kind?.state === 'known' ? kind : undefined
  }

  /** @param request as the SDK is about to send it */
  learn(client: Client, options: CallOptions, url: string, request: RequestInit): void {
    if (!isPlain(client, options)) return
    const kinds = this.#kindsOf(options.path)
    const ingredients = ingredientsOf(client, options)
    const kind = kindIn(kinds, ingredients)
    if (kind && kind.state !== 'seen') return
    const headers = new LeanHeaders([...new Headers(request.headers)].flat())
    if (!kind) {
      if (kinds.length >= MOST_KINDS) kinds.shift()
      kinds.push({ ingredients, url, headers, state: 'seen' })
    } else {
      const isSame = kind.url === url && isEqual(kind.headers, headers) && isUsual(request, options)
      kind.state = isSame ? 'known' : 'changing'
    }
  }

  #kindsOf(path: string): Kind[] {
    const known = this.#byPath.get(path)
    if (known) return known
    const kinds: Kind[] = []
    if (this.#byPath.size >= MOST_PATHS) this.#byPath.clear()
    this.#byPath.set(path, kinds)
    return kinds
  }
}

const PLAIN = new Set([
  'method',
  'path',
  'body',
  'stream',
  'timeout',
  'signal',
  'maxRetries',
  '__security',
  '__metadata',
])

/** Whether nothing goes into the request but what {@link ingredientsOf} tells, and its body. */
function isPlain(client: Client, options: CallOptions): boolean {
  const { _options: given = {} } = client
  if (client._provider != null || client._workloadIdentityAuth != null || given['credential'] != null)
    return false
  if (typeof given['apiKey'] === 'function') return false
  if (given['defaultHeaders'] != null || given['defaultQuery'] != null) return false
  if (client.fetchOptions != null || client.idempotencyHeader != null) return false
  for (const name in options) {
    if (!PLAIN.has(name) && options[name as keyof CallOptions] !== undefined) return false
  }
  for (const name in options.__metadata)
    if (name !== 'streamFromBody' && name !== 'helperMethod') return false
  return options.method === 'post' && !options.stream && isPlainBody(options.body)
}

/** One that JSON writes as it is, and that asks for no stream. Its getters and proxies may throw: the SDK deals with those. */
function isPlainBody(body: unknown): boolean {
  try {
    if (typeof body !== 'object' || body === null || Object.getPrototypeOf(body) !== Object.prototype)
      return false
    const { stream, toJSON } = body as { stream?: unknown; toJSON?: unknown }
    return (stream === undefined || stream === null || stream === false) && toJSON === undefined
  } catch {
    return false
  }
}

function ingredientsOf(client: Client, options: CallOptions): readonly unknown[] {
  const { apiKey, adminAPIKey, organization, project, baseURL, constructor } = client
  const { timeout, __security: security, __metadata: metadata } = options
  return [
    timeout,
    security?.bearerAuth,
    security?.adminAPIKeyAuth,
    metadata?.['helperMethod'],
    apiKey,
    adminAPIKey,
    organization,
    project,
    baseURL,
    constructor,
  ]
}

function kindIn(kinds: readonly Kind[], ingredients: readonly unknown[]): Kind | undefined {
  return kinds.find((kind) => kind.ingredients.every((each, at) => each === ingredients[at]))
}

function isEqual(one: Headers, other: Headers): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other])
}

/** Whether it is nothing but a body of JSON, sent as it was given. */
function isUsual(
  { method, headers: _, body, signal: _its, ...others }: RequestInit,
  options: CallOptions,
): boolean {
  return Object.keys(others).length === 0 && method === options.method && body === textOf(options.body)
}

/** The object is the caller's: it may have changed since, and reading it a second time may throw. */
function textOf(body: unknown): string | undefined {
  try {
    return JSON.stringify(body)
  } catch {
    return undefined
  }
}
