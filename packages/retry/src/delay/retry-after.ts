import * as parts from '@harbor/parts'
import type { Jitter } from './jitter.ts'

/** Headers in the shapes that HTTP clients use: fetch's `Headers`, a plain record, anything with `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null | undefined }

/**
 * How long a server asks clients to wait before the next request. Reads, in this order, `retry-after-ms`,
 * `x-ms-retry-after-ms` (Azure), and `retry-after` in seconds or as an HTTP date (RFC 9110, section 10.2.3). Of a header
 * that was sent twice the longest wait counts.
 *
 * @param nowMs the time that dates are compared with. @default Date.now(), since a date is one of the wall clock
 * @returns milliseconds, 0 for a date that has passed; `undefined` without such a header, or if its value is invalid
 */
export function parseRetryAfter(headers: HeadersLike, nowMs: number = Date.now()): number | undefined {
  return parts.parseRetryAfter(headers, nowMs)
}

/**
 * The wait before the next attempt when the server has sent Retry-After: never shorter than that, and a little longer by
 * chance, so that the clients that were rejected together do not come back together.
 *
 * @returns milliseconds; `undefined` if the server asks for more than the cap, which ends the run
 */
export function capRetryAfter(
  retryAfterMs: number,
  {
    maxRetryAfterMs = 60_000,
    jitter,
  }: { maxRetryAfterMs?: number | undefined; jitter?: boolean | Jitter | undefined },
  random: () => number,
): number | undefined {
  if (retryAfterMs > maxRetryAfterMs) return undefined
  if (jitter === false || jitter === 'none') return retryAfterMs
  return retryAfterMs + Math.min(retryAfterMs * EXTRA, MAX_EXTRA_MS) * random()
}

/** The random part is at most a tenth of the wait, and at most a second. */
const EXTRA = 0.1
const MAX_EXTRA_MS = 1_000
