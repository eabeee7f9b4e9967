import type { ObservedLimit } from './rate-limit-headers.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000
/** A limit of a minute is whole again after one; a reset much later than that is of a longer window. Providers round, and let debts be made. */
export const LONGEST_RESET_OF_A_MINUTE_MS = 90_000
/** No limit has a longer window. */
const LONGEST_WINDOW_MS = 32 * DAY_MS
/** Providers round resets to seconds. */
const ROUNDING_MS = 2_000

/** The numbers that make sense: also those that another parser, or a caller, has read. */
export function sane(observed: ObservedLimit): ObservedLimit {
  const { limit, remaining, resetAfterMs, windowMs, unitless } = observed
  const told: ObservedLimit = {}
  // A limit below one allows nothing ever: it is none that a provider meant.
  if (isWithin(limit, 1, Number.MAX_SAFE_INTEGER)) told.limit = limit
  if (isWithin(remaining, -Infinity, Number.MAX_SAFE_INTEGER)) told.remaining = Math.max(0, remaining)
  if (isWithin(resetAfterMs, 0, LONGEST_WINDOW_MS)) told.resetAfterMs = resetAfterMs
  if (isWithin(windowMs, 1, LONGEST_WINDOW_MS)) told.windowMs = windowMs
  if (unitless && told.windowMs === undefined) told.unitless = true
  return told
}

/**
 * The window of a limit whose header counts by the minute, by its documentation: a minute, unless it takes longer than one until all of it is
 * back. Some providers tell of a day's requests in the same headers; then what is missing and how long it takes to come back give the
 * window.
 */
export function documentedWindow({ limit = 0, remaining, resetAfterMs = 0 }: ObservedLimit): number {
  if (resetAfterMs <= LONGEST_RESET_OF_A_MINUTE_MS) return MINUTE_MS
  const missing = remaining === undefined ? 0 : limit - remaining
  return missing > 0 ? Math.min(DAY_MS, (resetAfterMs * limit) / missing) : DAY_MS
}

/**
 * The shortest window that fits what a header says. A limit of a minute that refills steadily is whole again after the missing part of a minute.
 * Where the reset contradicts that, the limit may be of a shorter window: at least as long as the reset.
 */
export function surestWindow({ limit, remaining, resetAfterMs }: ObservedLimit): number {
  if (limit === undefined || remaining === undefined || resetAfterMs === undefined) return MINUTE_MS
  const expectedMs = (MINUTE_MS * Math.max(0, limit - remaining)) / limit
  const isOfAMinute = Math.abs(resetAfterMs - expectedMs) <= Math.max(ROUNDING_MS, expectedMs / 2)
  return isOfAMinute ? MINUTE_MS : Math.min(MINUTE_MS, Math.max(1_000, resetAfterMs))
}

function isWithin(value: number | undefined, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most
}
