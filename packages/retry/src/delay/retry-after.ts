import * as parts from '@harbor/parts'
import type { Jitter } from './jitter.ts'

/** The headers of any HTTP client: fetch's `Headers`, a plain record whose names may be in any case, or an object with a method `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | {
      /** Returns the value of a header, or null or undefined without it. `name` is in lower case. */ get(
        name: string,
      ): string | null | undefined
    }

/**
 * Reads how long a server asks clients to wait before the next request. The headers are tried in this order: `retry-after-ms`, `x-ms-retry-after-ms`
 * (Azure), `retry-after` in seconds, `retry-after` as an HTTP date (RFC 9110, section 10.2.3). If a header was sent more than once, the longest wait
 * is returned.
 *
 * @param headers the headers of the response
 * @param nowMs the time of the wall clock, in milliseconds since 1970, that an HTTP date is compared with. @default Date.now()
 * @returns the wait in milliseconds, 0 for a date that has passed; `undefined` if there is no such header, or it is invalid
 */
export function parseRetryAfter(headers: HeadersLike, nowMs: number = Date.now()): number | undefined {
  return parts.parseRetryAfter(headers, nowMs)
}

/**
 * Returns the delay before the next attempt when the server has sent Retry-After. It is the time that the server asks for,
 * plus a small random part, so that clients that were rejected at the same time do not retry at the same time. Without jitter,
 * there is no random part.
 *
 * @param retryAfterMs the time that the server asks for, in milliseconds
 * @returns milliseconds; `undefined` if the server asks for more than `maxRetryAfterMs`, which ends the run
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
  return retryAfterMs + Math.min(retryAfterMs * EXTRA_RATIO, MAX_EXTRA_MS) * random()
}

/** The maximum random part, as a fraction of the time in Retry-After. */
const EXTRA_RATIO = 0.1
/** The absolute maximum of the random part, in milliseconds. */
const MAX_EXTRA_MS = 1_000
