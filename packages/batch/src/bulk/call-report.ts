import { parseRetryAfter } from '@harbor/parts'
import type { Lease } from '../limits/contracts.ts'
import type { HeadersLike } from '../limits/headers/read-headers.ts'
import { parseRateLimitHeaders } from '../limits/headers/rate-limit-headers.ts'

/**
 * The outcome of a call, as your function reports it by `report()`: status, retry delay, usage, and rate limit headers. The rate limiter and the
 * concurrency limit learn from it. Leave out what is unknown.
 */
export type CallReport = Parameters<Lease['settle']>[0] & {
  /** The number of requests that the call made: several if the function retries by itself, 0 if a cache answered. @default 1 */
  attempts?: number | undefined
}

/** Adds the status and the headers of an error to a report. Fields that the function has reported take precedence. */
export function reportOf(error: unknown, reported: CallReport | undefined): CallReport {
  const { status, headers } = Object(error) as { status?: unknown; headers?: unknown }
  const fromError: CallReport = {}
  if (typeof status === 'number') fromError.status = status
  if (typeof headers === 'object' && headers !== null) {
    fromError.observed = parseRateLimitHeaders(headers as HeadersLike)
    const retryAfterMs = parseRetryAfter(headers as HeadersLike)
    if (retryAfterMs !== undefined) fromError.retryAfterMs = retryAfterMs
  }
  return { ...fromError, ...reported }
}

/** Whether the provider reported overload. */
export function isOverload({ status }: CallReport): boolean {
  return status === 429 || status === 503 || status === 529
}

/** Whether a call failed before anything was sent, so that the provider has not counted it. */
export function neverSent(error: unknown): boolean {
  // SDKs wrap network errors, sometimes more than once.
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
