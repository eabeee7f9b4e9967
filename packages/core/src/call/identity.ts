import type { Signer } from './signer.ts'

/**
 * Headers that identify no caller and change no answer. Every other header counts: a list of headers that do count could never
 * be complete, and what it lacked would give one tenant the answers of another.
 */
const NEUTRAL =
  /^(?:accept|accept-encoding|connection|content-length|content-type|user-agent|x-stainless-.*|idempotency-key|traceparent|tracestate|b3|x-b3-.*|x-amzn-trace-id|x-cloud-trace-context|x-datadog-.*|sentry-trace|x-request-id|x-correlation-id|x-client-request-id)$/

/**
 * Headers whose names say that they hold an account. Limits and cooldowns are kept for these alone: a header that is new with each request
 * would give each request a limit of its own. No answer depends on it.
 */
const ACCOUNT =
  /auth|key|token|secret|password|credential|cookie|cert|account|tenant|org|project|subscription|customer|consumer|client|user|team|workspace|realm|principal|identity/

export type HeaderEntry = readonly [name: string, value: string]

/** On whose behalf a request is made. It holds credentials, and must not be shown. */
export interface Identity {
  /** All headers that count, in the order of their names. */
  readonly headers: readonly HeaderEntry[]
  /** The account, for limits and cooldowns. */
  readonly account: string
}

/** What of a request tells its identity. */
export interface Identified {
  readonly headers: Headers
  readonly signer?: Signer | undefined
}

/** Under this symbol the headers of a request carry its identity: calls of a kind share their headers, which no call changes. */
const IDENTITY: unique symbol = Symbol('harbor.identity')

export function identityOf(request: Identified): Identity {
  const carrier = request.headers as { [IDENTITY]?: Identity }
  const known = carrier[IDENTITY]
  if (known) return known
  const read = readIdentity(request)
  carrier[IDENTITY] = read
  return read
}

function readIdentity({ headers, signer }: Identified): Identity {
  const counting: HeaderEntry[] = []
  for (const [name, value] of headers) {
    if (NEUTRAL.test(name)) continue
    // A key that a function makes may be new with each request. What stays the same is the function.
    const isMade = name === 'authorization' && signer?.credential !== undefined
    counting.push([name, isMade ? signer.credential : value])
  }
  return { headers: counting, account: JSON.stringify(counting.filter(([name]) => ACCOUNT.test(name))) }
}

export function namesAccount(name: string): boolean {
  return ACCOUNT.test(name)
}
