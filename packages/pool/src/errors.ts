/** The request was rejected because all connections to its origin are busy and `maxQueued` requests are waiting. Nothing was sent. */
export class PoolQueueFullError extends Error {
  override readonly name = 'PoolQueueFullError'
  /** Always `queue_full`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'queue_full'
  /** The origin of the request, such as `https://api.openai.com`. */
  readonly origin: string
  /** The maximum number of connections to the origin at that moment, all of them busy. */
  readonly connections: number
  /** The value of the option `maxQueued`: the number of requests that were waiting. */
  readonly maxQueued: number

  constructor(origin: string, connections: number, maxQueued: number) {
    super(
      `${origin} has all of its ${connections} connections busy and ${maxQueued} requests waiting. ` +
        'Send fewer at once, or raise connections or maxQueued.',
    )
    this.origin = origin
    this.connections = connections
    this.maxQueued = maxQueued
  }

  /** Whether an error is a PoolQueueFullError, including one from another copy of this package. */
  static is(error: unknown): error is PoolQueueFullError {
    return codeOf(error) === 'queue_full'
  }
}

/** The request was rejected because it waited for a connection for `queueTimeoutMs`. Nothing was sent. */
export class PoolQueueTimeoutError extends Error {
  override readonly name = 'PoolQueueTimeoutError'
  /** Always `queue_timeout`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'queue_timeout'
  /** The origin of the request, such as `https://api.openai.com`. */
  readonly origin: string
  /** How long the request waited, in milliseconds: the value of the option `queueTimeoutMs`. */
  readonly queueTimeoutMs: number

  constructor(origin: string, queueTimeoutMs: number) {
    super(
      `No connection to ${origin} became free within ${queueTimeoutMs} ms. ` +
        'Send fewer at once, or raise connections or queueTimeoutMs.',
    )
    this.origin = origin
    this.queueTimeoutMs = queueTimeoutMs
  }

  /** Whether an error is a PoolQueueTimeoutError, including one from another copy of this package. */
  static is(error: unknown): error is PoolQueueTimeoutError {
    return codeOf(error) === 'queue_timeout'
  }
}

/** The request was rejected because the pool was closed. Nothing was sent. */
export class PoolClosedError extends Error {
  override readonly name = 'PoolClosedError'
  /** Always `pool_closed`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'pool_closed'

  constructor() {
    super('This pool is closed and takes no more requests. Create another with createPool().')
  }

  /** Whether an error is a PoolClosedError, including one from another copy of this package. */
  static is(error: unknown): error is PoolClosedError {
    return codeOf(error) === 'pool_closed'
  }
}

/**
 * The request was rejected because undici, which opens the connections, cannot run here. Either it is not installed, or the runtime replaces it by
 * its own module (Bun), or a bundler turned it into an ES module without `require`. Nothing was sent, and this pool cannot send any request.
 * `pool.fetch` rejects with a TypeError that has this error as its `cause`.
 */
export class UndiciUnavailableError extends Error {
  override readonly name = 'UndiciUnavailableError'
  /** Always `undici_unavailable`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'undici_unavailable'

  constructor(cause?: unknown) {
    const because = cause instanceof Error ? `: ${cause.message}` : ''
    super(`undici cannot run here${because}. ${UNDICI_ADVICE}`, { cause })
  }

  /** Whether an error is an UndiciUnavailableError, including one from another copy of this package. */
  static is(error: unknown): error is UndiciUnavailableError {
    return codeOf(error) === 'undici_unavailable'
  }
}

const UNDICI_ADVICE =
  'Install the dependencies of @harbor/pool again. In a bundle for Node.js, leave undici out (esbuild: --external:undici), or give ' +
  "an ES module bundle a require (esbuild: --banner:js=\"import { createRequire } from 'node:module'; const require = " +
  'createRequire(import.meta.url);"). In Bun, use its own fetch.'

/**
 * Whether the error is a rejection by the pool itself. `pool.fetch` rejects with such an error directly, without wrapping it in a
 * `TypeError: fetch failed`.
 */
export function isRefusal(error: unknown): boolean {
  return PoolQueueFullError.is(error) || PoolQueueTimeoutError.is(error) || PoolClosedError.is(error)
}

/** Creates the error with which the global fetch rejects when there is no response. Adds the origin and advice as fields. */
export function fetchFailed(origin: string, cause: unknown): TypeError {
  return explain(new TypeError('fetch failed', { cause }), origin, cause)
}

/**
 * Creates the error with which the body of a response of the global fetch fails when its connection is lost. Adds the origin and advice as
 * fields.
 */
export function terminated(origin: string, cause: unknown): TypeError {
  return explain(new TypeError('terminated', { cause }), origin, cause)
}

/** Creates the error for a response head that did not arrive in time. @param withinMs the time limit, in milliseconds */
export function headTimeout(origin: string, withinMs: number): Error {
  return new TransportTimeout('Headers', `No answer from ${origin} within ${withinMs} ms`)
}

/** Creates the error for a body that made no progress for too long, because no data arrived or the caller did not read it. */
export function bodyTimeout(message: string): Error {
  return new TransportTimeout('Body', message)
}

/**
 * A timeout error with the name and the code of undici's own. It passes `instanceof` for undici's class, but is created without loading
 * undici.
 */
class TransportTimeout extends Error {
  readonly code: string

  constructor(part: 'Headers' | 'Body', message: string) {
    super(message)
    this.name = `${part}TimeoutError`
    this.code = `UND_ERR_${part.toUpperCase()}_TIMEOUT`
    // undici's classes check these symbols in `instanceof`, to recognise errors of other copies.
    for (const code of ['UND_ERR', this.code])
      Object.defineProperty(this, Symbol.for(`undici.error.${code}`), { value: true })
  }
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether a connection could not be opened because this process or machine lacks a resource: file descriptors, ports or memory. */
export function isShortage(error: unknown): boolean {
  return SHORTAGES.has(codeOf(error) ?? '')
}

const SHORTAGES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EADDRINUSE', 'EAGAIN'])

// SDKs compare the message of a failed fetch, so the message stays unchanged, and the advice becomes a field.
function explain(error: TypeError, origin: string, cause: unknown): TypeError {
  const advice = adviceFor(cause)
  return Object.assign(error, advice === undefined ? { origin } : { origin, advice })
}

function adviceFor(cause: unknown): string | undefined {
  const code = codeOf(cause)
  if (code === undefined) return undefined
  if (code.startsWith('HPE_')) return 'That is not HTTP/1.1. Check protocol and port.'
  if (/CERT|SIGNATURE/.test(code) && code !== 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'The certificate is not trusted. Pass the authority that signed it as tls.ca.'
  return ADVICE[code]
}

const CLOSED_BY_SERVER =
  'The server, or something in between, closed the connection. Send it again if it may be repeated.'

const OUT_OF_SOCKETS =
  'This process may open no more files and sockets. Raise its limit (ulimit -n), or lower connections of the pool.'
const OUT_OF_MEMORY = 'This machine has no memory left for another connection. Lower connections of the pool.'
const NOT_ALLOWED = 'This machine does not let the process connect there. Check firewall and sandbox.'

const ADVICE: Partial<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there. Check the base URL, and that the server runs.',
  ENOTFOUND: 'The host name does not resolve. Check the base URL and the network.',
  EAI_AGAIN: 'The host name cannot be resolved now. Check the network.',
  EHOSTUNREACH: 'There is no route to the host. Check the base URL and the network.',
  ENETUNREACH: 'There is no route to the host. Check the base URL and the network.',
  EMFILE: OUT_OF_SOCKETS,
  ENFILE: OUT_OF_SOCKETS,
  ENOBUFS: OUT_OF_MEMORY,
  ENOMEM: OUT_OF_MEMORY,
  EADDRNOTAVAIL:
    'This machine has no port left for another connection, or none of the right address family. Lower connections of the pool.',
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  ENOENT: 'There is no such socket. Check socketPath.',
  undici_unavailable: UNDICI_ADVICE,
  ECONNRESET: CLOSED_BY_SERVER,
  EPIPE: CLOSED_BY_SERVER,
  UND_ERR_SOCKET: CLOSED_BY_SERVER,
  EPROTO: 'That is not TLS. Check whether the base URL should begin with http:.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'That is not TLS. Check whether the base URL should begin with http:.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another host name. Check the base URL.',
  UND_ERR_CONNECT_TIMEOUT:
    'The host does not respond. Check the base URL, firewall and proxy, or raise connectTimeoutMs.',
  UND_ERR_HEADERS_TIMEOUT: 'Give it more time with deadlineMs or headersTimeoutMs.',
  UND_ERR_BODY_TIMEOUT: 'Give it more time with bodyIdleTimeoutMs.',
  UND_ERR_PRX_CONN: 'The proxy could not be reached. Check proxy, HTTP_PROXY and HTTPS_PROXY.',
  UND_ERR_PRX_TLS: 'The proxy offers no TLS that can be trusted. Check proxy, HTTP_PROXY and HTTPS_PROXY.',
}
