import type { CallOptions, Client, KnownRequest, KnownRequests } from './request-templates.ts'

/**
 * What the SDK reads a result of, as its `makeRequest` gives it. It is a class for the sake of V8, which may take to allocating a literal among
 * what is old, and with it keeps the answer that it holds until the next full collection.
 */
class Answered {
  readonly response: Response
  readonly options: CallOptions
  readonly controller = new AbortController()
  readonly requestSignal: AbortSignal | undefined
  readonly requestLogID = ''
  readonly retryOfRequestLogID = undefined
  readonly startTime: number

  constructor(response: Response, options: CallOptions, startTime: number) {
    this.response = response
    this.options = options
    this.requestSignal = options.signal ?? undefined
    this.startTime = startTime
  }
}

type MakeRequest<C> = (
  this: C,
  options: CallOptions | Promise<CallOptions>,
  retriesRemaining: number | null,
  retryOfRequestLogID: string | undefined,
) => Promise<unknown>

/** What a client lends to its short way. */
export interface Lent {
  readonly known: KnownRequests
  readonly fetch: typeof globalThis.fetch
  /** Gives a request what `prepareRequest` gives it on the SDK's own way. */
  readonly prepare: (request: RequestInit, options: CallOptions) => void
}

/** What became of a call that was sent already. */
const OUTCOME: unique symbol = Symbol('harbor.outcome')

/** How the call has ended which the SDK is about to send; undefined when it is for the SDK to send it, as the next time with these options. */
export function takeOutcome(options: object): Promise<Response> | undefined {
  const holder = options as { [OUTCOME]?: Promise<Response> | undefined }
  const outcome = holder[OUTCOME]
  if (outcome) holder[OUTCOME] = undefined
  return outcome
}

/**
 * Sends what is known of the SDK's requests without having the SDK make it once more: that, with its log, its timer and its controller, is
 * half of what it does for a call. It is the way of calls that succeed. What has failed is handed to the SDK, which makes of it what
 * it makes of any failure; and calls of which nothing is known, clients that log, and classes of a user's own go the SDK's way.
 *
 * @param Class that extends the SDK's client
 * @param lentBy what a client of this class lends
 */
export function takeShortWay<C extends object>(
  Class: { readonly prototype: C },
  lentBy: (client: C) => Lent,
): void {
  const { makeRequest: found } = Class.prototype as { makeRequest?: MakeRequest<C> }
  if (typeof found !== 'function') return
  const sdks = found
  const hooks = hooksOf(Class.prototype)

  async function makeRequest(
    this: C & Client,
    given: CallOptions | Promise<CallOptions>,
    retriesRemaining: number | null,
    retryOf: string | undefined,
  ): Promise<unknown> {
    const options = await given
    const isOurs = this.constructor === Class && !isLogged(this.logLevel)
    const lent = isOurs && areUnchanged(hooks, this) ? lentBy(this) : undefined
    const known = lent?.known.find(this, options)
    if (!lent || !known || this.fetch !== lent.fetch)
      return sdks.call(this, options, retriesRemaining, retryOf)
    const answered = await send(options, known, lent)
    return answered ?? sdks.call(this, options, retriesRemaining, retryOf)
  }
  Object.defineProperty(Class.prototype, 'makeRequest', {
    value: makeRequest,
    writable: true,
    configurable: true,
  })
}

interface Hooks {
  /** Methods as a client has them: its class's own, or those of the SDK. */
  readonly ofClient: readonly Hook[]
  /** Methods of the SDK that the class overrides, and calls. */
  readonly overridden: readonly Hook[]
  readonly sdk: object
}

type Hook = readonly [name: string, method: unknown]

/** They lead to a request, and are not called while it is made. */
const ENTRANCES = new Set([
  'constructor',
  'makeRequest',
  'request',
  'methodRequest',
  'requestAPIList',
  'getAPIList',
])
const VERBS = new Set(['get', 'post', 'put', 'patch', 'delete', 'withOptions'])

/** Whatever method of the client the SDK may call while it makes a request: a user may replace any of them, on a client or for all. */
function hooksOf(prototype: object): Hooks {
  const sdk = Object.getPrototypeOf(prototype) as object
  const names = Object.getOwnPropertyNames(sdk).filter(
    (name) =>
      !ENTRANCES.has(name) &&
      !VERBS.has(name) &&
      typeof Object.getOwnPropertyDescriptor(sdk, name)?.value === 'function',
  )
  const overridden = names.filter((name) => Object.hasOwn(prototype, name))
  return {
    ofClient: names.map((name) => [name, prototype[name as never]]),
    overridden: overridden.map((name) => [name, sdk[name as never]]),
    sdk,
  }
}

/** Compared by identity for each call: one that is replaced has to be called for each call. */
function areUnchanged({ ofClient, overridden, sdk }: Hooks, client: object): boolean {
  for (const [name, method] of ofClient) if (client[name as never] !== method) return false
  for (const [name, method] of overridden) if (sdk[name as never] !== method) return false
  return true
}

/** At these levels the SDK tells of calls that succeed, too. */
const isLogged = (level: string | undefined): boolean => level === 'info' || level === 'debug'

/** @returns undefined for what has failed, and is left with the options for the SDK to find */
async function send(
  options: CallOptions,
  { url, headers }: KnownRequest,
  { fetch, prepare }: Lent,
): Promise<Answered | undefined> {
  const { body, signal } = options
  const request: RequestInit = {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    ...(signal && { signal }),
  }
  prepare(request, options)
  const startTime = Date.now()
  const outcome = fetch(url, request)
  try {
    const response = await outcome
    if (response.ok) return new Answered(response, options, startTime)
  } catch {
    // The SDK is told, as of what it has sent itself.
  }
  ;(options as { [OUTCOME]?: Promise<Response> })[OUTCOME] = outcome
  return undefined
}
