import { situationOf, type Failure, type FailureKind, type Situation } from '@harbor/retry'

export {
  cooldownOf,
  situationAtEnd,
  situationOf,
  VERDICTS,
  type CooldownScope,
  type Situation,
  type Verdict,
} from '@harbor/retry'

/** The HTTP status that the caller gets for each kind of failure, if there was no answer or its status is below 400. */
const STATUS_OF_KIND: Partial<Readonly<Record<FailureKind, number>>> = {
  'bad-request': 400,
  'context-length': 400,
  'content-filter': 400,
  auth: 401,
  'not-found': 404,
  timeout: 408,
  conflict: 409,
  'rate-limit': 429,
  quota: 429,
  server: 500,
  overloaded: 503,
}

/**
 * Returns the HTTP status that the caller gets for a failure: the status of the provider's answer if it is 400 or above, else the usual
 * status of the kind of failure, else 502.
 */
export function statusOf(failure: Failure): number {
  if (failure.status !== undefined && isFailureStatus(failure.status)) return failure.status
  return STATUS_OF_KIND[failure.kind] ?? 502
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Whether an HTTP status is a redirect. */
export function isRedirectStatus(status: number): boolean {
  return REDIRECTS.has(status)
}

/** Whether an HTTP status reports a failure. */
export function isFailureStatus(status: number): boolean {
  return status >= 400
}

/**
 * Whether a health check with this status shows that the target cannot serve calls yet: 429, or 500 and above. Any other status shows that
 * it can, even a failure such as 404.
 */
export function isOutOfOrder(status: number): boolean {
  return status >= 500 || status === 429
}

/**
 * Returns the HTTP status that is reported to the rate limiter. An exhausted quota often has the status 429, but is reported as 402:
 * waiting does not help, so the limiter must not treat it as a rate limit.
 */
export function limiterStatusOf(failure: Failure): number | undefined {
  if (situationOf(failure) === 'rate-limit') return 429
  return failure.status === 429 ? 402 : failure.status
}

/** The failures with which providers refuse requests at a service tier that they sell only while they have capacity to spare. */
const REFUSES_TIER: ReadonlySet<Situation> = new Set<Situation>([
  'tier-unavailable',
  'overloaded',
  'rate-limit',
])

/** Whether a failed request at a service tier was refused for lack of capacity, before any work was done for it. */
export function isTierRefusal(failure: Failure): boolean {
  return REFUSES_TIER.has(situationOf(failure)) && !failure.ambiguous
}
