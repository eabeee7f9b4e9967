import * as parts from '@harbor/parts'
import type { HeadersLike } from './headers.ts'

/**
 * How long a server asks to be left alone, in milliseconds; 0 for a date that has passed, `undefined` if it does not say
 * or what it says makes no sense. Read in this order: `retry-after-ms`, `x-ms-retry-after-ms` (Azure), `retry-after` in
 * seconds or as an HTTP date (RFC 9110, section 10.2.3). Of a header that was sent twice the longest wait counts.
 *
 * @param nowMs what a date is compared with. @default Date.now(), since the date is one of the wall clock
 */
export function parseRetryAfter(headers: HeadersLike, nowMs: number = Date.now()): number | undefined {
  return parts.parseRetryAfter(headers, nowMs)
}
