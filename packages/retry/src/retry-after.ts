import { readHeader, type HeadersLike } from './headers.ts'

const NUMBER = /^\s*\d+(\.\d*)?\s*$/
/** Day and time at least. `Date.parse` alone finds a date in nearly any text with a digit. */
const HTTP_DATE = /^\s*[a-z]{3,9},? .*\d\d:\d\d:\d\d/i

/**
 * How long a server asks to be left alone, in milliseconds; 0 for a date that has passed, `undefined` if it does not say
 * or what it says makes no sense. Read in this order: `retry-after-ms`, `x-ms-retry-after-ms` (Azure), `retry-after` in
 * seconds or as an HTTP date (RFC 9110, section 10.2.3).
 *
 * @param nowMs what a date is compared with. @default Date.now(), since the date is one of the wall clock
 */
export function parseRetryAfter(headers: HeadersLike, nowMs: number = Date.now()): number | undefined {
  for (const [name, unitMs] of [
    ['retry-after-ms', 1],
    ['x-ms-retry-after-ms', 1],
    ['retry-after', 1000],
  ] as const) {
    const text = readHeader(headers, name) ?? ''
    if (NUMBER.test(text)) return Math.min(Number(text) * unitMs, Number.MAX_SAFE_INTEGER)
  }
  const text = readHeader(headers, 'retry-after') ?? ''
  // The oldest of the three HTTP date formats names no zone and means GMT.
  const date = Date.parse(/GMT|UTC/.test(text) ? text : `${text} GMT`)
  return HTTP_DATE.test(text) && !Number.isNaN(date) ? Math.max(0, date - nowMs) : undefined
}
