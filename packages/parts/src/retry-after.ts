/** The headers of any HTTP client: fetch's `Headers`, a plain record, or an object with a method `get`. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null | undefined }

/**
 * Returns the value of a header. If a record contains an array for the header, returns its first value.
 *
 * @param name in lower case; the names in a record may be in any case
 */
export function readHeader(headers: HeadersLike, name: string): string | undefined {
  if (typeof headers.get === 'function') return (headers as Headers).get(name) ?? undefined
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name && value != null) return String(Array.isArray(value) ? value[0] : value)
  }
  return undefined
}

/**
 * Reads how long a server asks clients to wait before the next request. The headers are tried in this order: `retry-after-ms`,
 * `x-ms-retry-after-ms` (Azure), `retry-after` in seconds, `retry-after` as an HTTP date (RFC 9110, section 10.2.3). If a
 * header was sent more than once, its values are joined by commas, and the longest wait is returned.
 *
 * @param nowMs the time of the wall clock, in milliseconds since 1970, that an HTTP date is compared with
 * @returns the wait in milliseconds, 0 for a date that has passed; `undefined` if there is no such header, or it is invalid
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
/**
 * Matches the weekday and the time of an HTTP date. `Date.parse` alone is too lenient: it accepts nearly any text that
 * contains a digit.
 */
const HTTP_DATE = /^[\s,]*[a-z]{3,9},? .*\d\d:\d\d:\d\d/i
/** Matches each HTTP date in a list that is separated by commas. Each date ends with its time zone. */
const HTTP_DATES = /[a-z]{3,9}, [^,]+? (?:GMT|UTC)(?=\s*(?:,|$))/gi

/** Returns the time from `nowMs` until an HTTP date, in milliseconds; 0 if the date has passed, `undefined` if the text is not a date. */
function untilDate(text: string, nowMs: number): number | undefined {
  // The oldest of the three HTTP date formats has no time zone: it is always in GMT.
  const date = Date.parse(/GMT|UTC/.test(text) ? text : `${text} GMT`)
  return HTTP_DATE.test(text) && !Number.isNaN(date) ? Math.max(0, date - nowMs) : undefined
}
