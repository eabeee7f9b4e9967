import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname } from 'node:os'

/** Which requests are answered. */
export interface AccessRules {
  /** The token that each request must carry. Without one, only requests from this machine are answered. */
  readonly token: string | undefined
  /** More names under which the server may be reached. */
  readonly hosts: readonly string[]
}

/** The facts of a request that decide whether it is answered. */
export interface RequestFacts {
  readonly header: (name: string) => string | undefined
  readonly query: URLSearchParams
  /** The address of the client; undefined if the server does not know it. */
  readonly peer: string | undefined
  /** Whether the request is for the document, which links of other sites may open. */
  readonly isDocument: boolean
}

export interface Refusal {
  readonly status: 401 | 403
  readonly message: string
}

/** A host name or an address, with or without a port, and nothing else that a URL can have. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i

/** Returns why a request is refused; undefined if it is answered. */
export function refusalOf(request: RequestFacts, { token, hosts }: AccessRules): Refusal | undefined {
  const { header } = request
  const name = header('host') ?? ''
  const host = HOST.test(name) ? hostOf(`http://${name}`) : undefined
  // Another site can give its own name the address of this machine. The browser then takes the page for that site's own.
  if (host === undefined || !isKnownHost(host.hostname, token, hosts))
    return forbidden('This page is not served under this host name. Add the name to the option hosts.')
  const origin = header('origin')
  if (origin !== undefined && !isSameSite(origin, host))
    return forbidden('This page does not answer requests of other sites.')
  const site = header('sec-fetch-site')
  if (!request.isDocument && site !== undefined && site !== 'same-origin' && site !== 'none')
    return forbidden('This page does not answer requests of other sites.')
  if (token === undefined) {
    if (isLoopback(request.peer ?? '') && !isForwarded(header)) return undefined
    return forbidden(
      'Without a token, this page answers only requests from its own machine. Set the option token.',
    )
  }
  const given = request.query.get('token') ?? /^Bearer (.+)$/i.exec(header('authorization') ?? '')?.[1] ?? ''
  return isSame(given, token)
    ? undefined
    : { status: 401, message: 'The token is missing or wrong. Open the page with its whole URL.' }
}

function forbidden(message: string): Refusal {
  return { status: 403, message }
}

/** Returns whether an origin is that of the page. A proxy may have ended TLS before it, so both schemes fit. */
function isSameSite(origin: string, host: URL): boolean {
  const url = hostOf(origin)
  return url?.host === host.host && (url.protocol === 'http:' || url.protocol === 'https:')
}

function hostOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

function isKnownHost(name: string, token: string | undefined, hosts: readonly string[]): boolean {
  if (isLoopback(name) || hosts.some((host) => host.toLowerCase() === name)) return true
  // An address belongs to no other site. A name that only this machine's network knows does neither.
  return (
    token !== undefined && (isIP(name.replace(/^\[|\]$/g, '')) !== 0 || name === hostname().toLowerCase())
  )
}

/** Returns whether a host name or an address is that of this machine to itself. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '')
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** Returns whether a proxy has passed the request on, so that its peer says nothing about where it comes from. */
function isForwarded(header: RequestFacts['header']): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-real-ip'].some((name) => header(name) !== undefined)
}

/** Compares two texts in a time that does not depend on where they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
