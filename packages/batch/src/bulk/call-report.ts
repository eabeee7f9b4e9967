import { parseRetryAfter } from '@harbor/parts'
import type { Lease } from '../limits/contracts.ts'
import type { HeadersLike } from '../limits/headers.ts'
import { parseRateLimitHeaders } from '../limits/rate-limit-headers.ts'

/** What a function reports about its call, so that limits learn from it: the status, when to come back, what it used, what the headers said. */
export type CallReport = Parameters<Lease['settle']>[0] & {
  /** Requests that the call made, where it retries by itself or is answered by a cache. @default 1 */
  attempts?: number | undefined
}

/** Adds what a call that failed tells by its error to what its function reported; the function knows better. */
export function reportOf(error: unknown, reported: CallReport | undefined): CallReport {
  const { status, headers } = Object(error) as { status?: unknown; headers?: unknown }
  const told: CallReport = {}
  if (typeof status === 'number') told.status = status
  if (typeof headers === 'object' && headers !== null) {
    told.observed = parseRateLimitHeaders(headers as HeadersLike)
    const retryAfterMs = parseRetryAfter(headers as HeadersLike)
    if (retryAfterMs !== undefined) told.retryAfterMs = retryAfterMs
  }
  return { ...told, ...reported }
}

/** Whether a provider said that it has too much to do. */
export function isOverload({ status }: CallReport): boolean {
  return status === 429 || status === 503 || status === 529
}

/** Whether a call ended before anything was sent, so that no limit has counted it. */
export function neverSent(error: unknown): boolean {
  // SDKs wrap what the network said, some more than once.
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    if (NOT_CONNECTED.has(String((each as { code?: unknown }).code))) return true
  }
  return false
}

const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])
