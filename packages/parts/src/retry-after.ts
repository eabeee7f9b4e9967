/** Headers in the shapes that HTTP clients use: fetch's `Headers`, a plain record, anything with `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null | undefined }

/** The value of a header, the first if there are several. `name` is in lower case; a record may use any case. */
export function readHeader(headers: HeadersLike, name: string): string | undefined {
  if (typeof headers.get === 'function') return (headers as Headers).get(name) ?? undefined
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name && value != null) return String(Array.isArray(value) ? value[0] : value)
  }
  return undefined
}

/**
 * How long a server asks clients to wait before the next request. Reads, in this order, `retry-after-ms`,
 * `x-ms-retry-after-ms` (Azure), and `retry-after` in seconds or as an HTTP date (RFC 9110, section 10.2.3). A header that
 * was sent twice arrives as one value with a comma; the longest wait in it counts.
 *
 * @param nowMs the time of the wall clock, which dates are compared with
 * @returns milliseconds, 0 for a date that has passed; `undefined` without such a header, or if its value is invalid
 */
export function parseRetryAfter(headers: HeadersLike, nowMs: number = Date.now()): number | undefined {
  for (const [name, unitMs] of UNITS_MS) {
    const parts = (readHeader(headers, name) ?? '').split(',')
    if (parts.every((part) => NUMBER.test(part)))
      return Math.min(Math.max(...parts.map(Number)) * unitMs, Number.MAX_SAFE_INTEGER)
  }
  const text = readHeader(headers, 'retry-after') ?? ''
  const waits = (text.match(HTTP_DATES) ?? [text]).map((date) => untilDate(date, nowMs))
  return waits.every((ms) => ms !== undefined) ? Math.max(...waits) : undefined
}

const UNITS_MS = [
  ['retry-after-ms', 1],
  ['x-ms-retry-after-ms', 1],
  ['retry-after', 1000],
] as const
const NUMBER = /^\s*\d+(\.\d*)?\s*$/
/** Day and time at least. `Date.parse` alone finds a date in nearly any text with a digit. */
const HTTP_DATE = /^[\s,]*[a-z]{3,9},? .*\d\d:\d\d:\d\d/i
/** Several dates in one value; each but the last ends in its zone. */
const HTTP_DATES = /[a-z]{3,9}, [^,]+? (?:GMT|UTC)(?=\s*(?:,|$))/gi

function untilDate(text: string, nowMs: number): number | undefined {
  // The oldest of the three HTTP date formats names no zone and means GMT.
  const date = Date.parse(/GMT|UTC/.test(text) ? text : `${text} GMT`)
  return HTTP_DATE.test(text) && !Number.isNaN(date) ? Math.max(0, date - nowMs) : undefined
}
