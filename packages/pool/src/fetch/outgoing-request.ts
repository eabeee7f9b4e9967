import { describeValue, untilAborted } from '@harbor/parts'
import type { Address, AddressParser } from './address.ts'
import { copyForm, isForm, readBody, type OutgoingBody } from './outgoing-body.ts'

/** The second argument of `pool.fetch`: the RequestInit of the fetch standard with the additional options below. */
export interface PoolRequestInit extends Omit<RequestInit, 'dispatcher'> {
  /**
   * The time limit for the status and headers of the response, in milliseconds from the call of `fetch`, redirects included. 0 or less rejects at
   * once, `Infinity` is no limit. The body has no deadline: see `bodyIdleTimeoutMs`. @default headersTimeoutMs of the pool
   */
  deadlineMs?: number | undefined
  /**
   * How long the body may make no progress, in milliseconds, because no data arrives or the caller does not read; 0 or `Infinity` for no limit. After
   * that, reading it fails. @default bodyIdleTimeoutMs of the pool
   */
  bodyIdleTimeoutMs?: number | undefined
  /**
   * A dispatcher that sends this request instead of the pool. The connections, queue and statistics of the pool are not used then. @default the pool
   */
  dispatcher?: AnyDispatcher | undefined
}

/** A dispatcher of any version of undici, such as an `Agent`. The types differ between versions, but the behaviour does not. */
export interface AnyDispatcher {
  /** Sends one request, and calls the methods of `handler` with its response. As in undici. */
  dispatch(options: never, handler: never): boolean
}

/** A checked request, ready to be sent. */
export interface OutgoingRequest {
  readonly address: Address
  readonly method: string
  /** The headers as a list in which names, in lower case, and values alternate. */
  readonly headers: readonly string[]
  readonly body: OutgoingBody
  readonly redirect: 'follow' | 'manual' | 'error'
  readonly signal: AbortSignal | undefined
  readonly dispatcher: AnyDispatcher | undefined
  readonly deadlineMs: number | undefined
  readonly bodyIdleTimeoutMs: number | undefined
}

/** Checks the arguments of fetch and converts them. Accepts every form of URL and headers, and Request objects of any library. */
export async function readRequest(
  addresses: AddressParser,
  input: string | URL | Request,
  given: PoolRequestInit = {},
): Promise<OutgoingRequest> {
  const init = isRequest(input) ? await unpackRequest(input, given) : given
  const address = addresses.parse(isRequest(input) ? input.url : input)
  const method = (init.method ?? 'GET').toUpperCase()
  if (FORBIDDEN_METHODS.has(method)) throw new TypeError(`fetch cannot send ${method}`)
  if (init.integrity) throw new TypeError('pool.fetch does not check integrity; pool.specFetch does')
  const signal = readSignal(init.signal)
  const content: unknown = isForm(init.body) ? await untilAborted(signal, copyForm(init.body)) : init.body
  const body = readBody(content, init.duplex)
  if (body.content !== null && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`A ${method} request cannot have a body`)
  return {
    address,
    method,
    headers: readHeaders(init.headers, body),
    body,
    redirect: readRedirect(init.redirect),
    signal,
    dispatcher: init.dispatcher,
    deadlineMs: readMs(init.deadlineMs, 'deadlineMs'),
    bodyIdleTimeoutMs: readMs(init.bodyIdleTimeoutMs, 'bodyIdleTimeoutMs'),
  }
}

const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK'])

function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && 'url' in input && 'method' in input
}

/**
 * Merges a Request into an init; the options of the init take precedence. Reads the body of the Request into memory, since a body can be
 * read only once, but may have to be sent twice.
 */
async function unpackRequest(request: Request, init: PoolRequestInit): Promise<PoolRequestInit> {
  const signal = init.signal ?? request.signal
  let body: RequestInit['body'] = init.body ?? null
  if (init.body === undefined && (request.body as unknown) != null) {
    body = await untilAborted(signal, request.arrayBuffer())
  }
  return {
    ...init,
    method: init.method ?? request.method,
    headers: init.headers ?? request.headers,
    redirect: init.redirect ?? request.redirect,
    signal,
    body,
  }
}

function readRedirect(redirect: unknown = 'follow'): 'follow' | 'manual' | 'error' {
  if (redirect === 'follow' || redirect === 'manual' || redirect === 'error') return redirect
  throw new TypeError(`redirect must be 'follow', 'manual' or 'error', got ${describeValue(redirect)}`)
}

function readSignal(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  if (signal === null || signal === undefined) return undefined
  if (typeof signal.addEventListener !== 'function') throw new TypeError('signal must be an AbortSignal')
  return signal
}

function readMs(value: number | undefined, name: string): number | undefined {
  if (value === undefined || (typeof value === 'number' && !Number.isNaN(value))) return value
  throw new TypeError(`${name} must be a number of milliseconds, got ${describeValue(value)}`)
}

function readHeaders(given: RequestInit['headers'], body: OutgoingBody): string[] {
  const headers: string[] = []
  for (const [name, value] of headerEntries(given)) {
    if (value !== undefined) headers.push(name.toLowerCase(), trimmed(value))
  }
  if (body.type !== undefined) addMissing(headers, 'content-type', body.type)
  for (const [name, value] of USUAL_HEADERS) addMissing(headers, name, value)
  return headers
}

/**
 * The headers that are sent if the caller does not set them, as by the global fetch of Node. `decodeBody` can decode all encodings listed
 * here.
 */
const USUAL_HEADERS = [
  ['accept', '*/*'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['accept-language', '*'],
  ['user-agent', 'node'],
] as const

/** Removes white space around the value of a header. Callers in plain JavaScript also pass numbers. */
function trimmed(value: string | number): string {
  return String(value).trim()
}

function headerEntries(
  given: RequestInit['headers'],
): Iterable<readonly [name: string, value: string | undefined]> {
  if (!given) return []
  return Symbol.iterator in given ? (given as Iterable<readonly [string, string]>) : Object.entries(given)
}

function addMissing(headers: string[], name: string, value: string): void {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return
  headers.push(name, value)
}
