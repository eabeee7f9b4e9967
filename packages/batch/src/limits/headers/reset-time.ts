/**
 * Parses the text of a reset to the time until that reset, in milliseconds. Returns 0 if the reset has passed, and `undefined` if the text is invalid
 * or the reset is more than a month away.
 *
 * Providers write a reset as a Go duration (`6m0s`), as a date (RFC 3339, or as in HTTP), as milliseconds or seconds since 1970, or as seconds from
 * now. The last three are distinguished by their size: a time since 1970 is more than a billion seconds, a wait never is.
 */
export function parseReset(text: string | undefined, now: () => number): number | undefined {
  const reset = text?.trim()
  if (!reset) return undefined
  if (NUMBER.test(reset)) {
    const number = Number(reset)
    if (number < 1e9) return bounded(number * 1000)
    return fromNow(number < 1e12 ? number * 1000 : number, now())
  }
  if (RFC_3339.test(reset) || HTTP_DATE.test(reset)) return fromNow(Date.parse(reset), now())
  return bounded(parseGoDuration(reset))
}

/**
 * Parses a Go duration (https://pkg.go.dev/time#ParseDuration) to milliseconds: `1h2m3.5s`, `120ms`, `864µs`. HTTP clients read headers as Latin-1,
 * so the `µ` of a server that writes UTF-8 arrives as two characters.
 */
function parseGoDuration(text: string): number | undefined {
  if (!GO_DURATION.test(text)) return undefined
  let ms = 0
  for (const [, number, unit = ''] of text.matchAll(GO_PART)) ms += Number(number) * (UNIT_MS[unit] ?? NaN)
  return ms
}

/** The maximum time until a reset, in milliseconds. Windows of limits are at most a month, so a later reset is invalid. */
const MAX_RESET_MS = 32 * 86_400_000

const NUMBER = /^\d+(\.\d+)?$/
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
const HTTP_DATE = /^[A-Z][a-z]{2,8}, .{9,20} GMT$/
const GO_DURATION = /^((\d+(\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|Âµs|Î¼s|ns))+$/
const GO_PART = /([\d.]+)([^\d.]+)/g

const MICROSECOND_MS = 1e-3
const UNIT_MS: Partial<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: MICROSECOND_MS,
  µs: MICROSECOND_MS,
  μs: MICROSECOND_MS,
  Âµs: MICROSECOND_MS,
  'Î¼s': MICROSECOND_MS,
  ns: 1e-6,
}

function fromNow(atMs: number, nowMs: number): number | undefined {
  return bounded(Math.max(0, atMs - nowMs))
}

/** Returns a time unchanged, but undefined for a time above the maximum, and for NaN, the time of an invalid date. */
function bounded(ms: number | undefined): number | undefined {
  return ms !== undefined && ms <= MAX_RESET_MS ? ms : undefined
}
