import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { KeyList } from '../targets/credential.ts'
import type { Signer } from './signer.ts'

/**
 * The headers that neither identify a caller nor change an answer. All other headers are part of the identity. The opposite, a list of
 * identifying headers, could never be complete, and a header missing from it would give one tenant the answers of another.
 */
const NEUTRAL =
  /^(?:accept|accept-encoding|connection|content-length|content-type|user-agent|x-stainless-.*|idempotency-key|traceparent|tracestate|b3|x-b3-.*|x-amzn-trace-id|x-cloud-trace-context|x-datadog-.*|sentry-trace|x-request-id|x-correlation-id|x-client-request-id|x-goog-api-client|x-server-timeout)$/

/**
 * The words in the name of a header that suggest that the header identifies an account. Only such headers decide which limits and cooldowns
 * apply. Otherwise a header with a new value in each request would give each request limits of its own.
 */
const ACCOUNT =
  /auth|key|token|secret|password|credential|cookie|cert|account|tenant|org|project|subscription|customer|consumer|client|user|team|workspace|realm|principal|identity/

export type HeaderEntry = readonly [name: string, value: string]

/** The identity of the caller of a request. It contains credentials, and must never be logged or reported. */
export interface Identity {
  /** All headers that may identify the caller or change an answer, sorted by name. */
  readonly headers: readonly HeaderEntry[]
  /** A text that identifies the account. Each account has its own limits and cooldowns. */
  readonly account: string
}

/** The parts of a request that determine its identity. */
export interface Identified {
  readonly headers: ReadonlyHeaders
  readonly signer?: Signer | undefined
  /**
   * The keys of the client's own provider, if it has several and the request does not set its own key. All of them count as one credential.
   */
  readonly keys?: KeyList | undefined
}

/** The property in which the identity of a headers object is cached. Many calls share one headers object, which is never changed. */
const IDENTITY: unique symbol = Symbol('harbor.identity')

export function identityOf(request: Identified): Identity {
  const carrier = request.headers as { [IDENTITY]?: CachedIdentity }
  const known = carrier[IDENTITY]
  // Copies of a client share headers, and may have other keys.
  if (known && known.keys === request.keys) return known
  const read = readIdentity(request)
  carrier[IDENTITY] = read
  return read
}

interface CachedIdentity extends Identity {
  readonly keys: KeyList | undefined
}

function readIdentity({ headers, signer, keys }: Identified): CachedIdentity {
  const counting: HeaderEntry[] = []
  for (const [name, value] of headers) {
    if (NEUTRAL.test(name)) continue
    // A key function may return a new key for each request, so the caller is identified by the function, not by its keys.
    const shared = name === 'authorization' ? (keys?.identity ?? signer?.credential) : undefined
    counting.push([name, shared ?? value])
  }
  const account = JSON.stringify(counting.filter(([name]) => ACCOUNT.test(name)))
  return { headers: counting, account, keys }
}

export function namesAccount(name: string): boolean {
  return ACCOUNT.test(name)
}
