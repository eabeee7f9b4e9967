import type { ObservedLimit } from './headers/rate-limit-headers.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000
/**
 * A limit per minute is fully available again after a minute; a reset much later is that of a longer window. The margin
 * is for rounding and for debts.
 */
export const MAX_RESET_OF_A_MINUTE_MS = 90_000
/** Windows of limits are at most a month. */
const MAX_WINDOW_MS = 32 * DAY_MS
/** Providers round resets to seconds. */
const ROUNDING_MS = 2_000

/** Keeps the plausible numbers. Needed because callers can pass limits that another parser has read. */
export function plausible(observed: ObservedLimit): ObservedLimit {
  const { limit, remaining, resetAfterMs, windowMs, unitless } = observed
  const kept: ObservedLimit = {}
  // A limit below one would block everything for ever: providers do not mean that.
  if (isWithin(limit, 1, Number.MAX_SAFE_INTEGER)) kept.limit = limit
  if (isWithin(remaining, -Infinity, Number.MAX_SAFE_INTEGER)) kept.remaining = Math.max(0, remaining)
  if (isWithin(resetAfterMs, 0, MAX_WINDOW_MS)) kept.resetAfterMs = resetAfterMs
  if (isWithin(windowMs, 1, MAX_WINDOW_MS)) kept.windowMs = windowMs
  if (unitless && kept.windowMs === undefined) kept.unitless = true
  return kept
}

/**
 * The window of a limit whose header is documented to count per minute: a minute, unless its reset takes longer than
 * that. Some providers report a day's requests in the same headers; then the window follows from the missing amount and
 * the time until it is available again.
 */
export function documentedWindow({ limit = 0, remaining, resetAfterMs = 0 }: ObservedLimit): number {
  if (resetAfterMs <= MAX_RESET_OF_A_MINUTE_MS) return MINUTE_MS
  const missing = remaining === undefined ? 0 : limit - remaining
  return missing > 0 ? Math.min(DAY_MS, (resetAfterMs * limit) / missing) : DAY_MS
}

/**
 * The shortest window that is consistent with a header. A steadily refilled limit per minute is fully available after
 * the missing fraction of a minute. If the reset contradicts that, the window may be shorter, but is at least as long
 * as the reset.
 */
export function shortestWindow({ limit, remaining, resetAfterMs }: ObservedLimit): number {
  if (limit === undefined || remaining === undefined || resetAfterMs === undefined) return MINUTE_MS
  const expectedMs = (MINUTE_MS * Math.max(0, limit - remaining)) / limit
  const isOfAMinute = Math.abs(resetAfterMs - expectedMs) <= Math.max(ROUNDING_MS, expectedMs / 2)
  return isOfAMinute ? MINUTE_MS : Math.min(MINUTE_MS, Math.max(1_000, resetAfterMs))
}

function isWithin(value: number | undefined, minimum: number, maximum: number): value is number {
  return typeof value === 'number' && value >= minimum && value <= maximum
}

const MIN_WINDOW_MS = 1_000
/** Resets are remembered for at least this long: a reset as long as the window appears only at its beginning. */
const REMEMBERED_MS = 60_000

/**
 * Estimates the window of a limit whose unit is unknown: the longest recent reset. One that does not occur again is
 * forgotten.
 */
export class LongestReset {
  #current = 0
  #previous = 0
  #since = -Infinity

  /** @returns the window, in milliseconds; undefined until a reset was seen */
  observe(resetAfterMs: number | undefined, now: number): number | undefined {
    if (now - this.#since > Math.max(this.#current, REMEMBERED_MS)) {
      this.#previous = this.#current
      this.#current = 0
      this.#since = now
    }
    this.#current = Math.max(this.#current, resetAfterMs ?? 0)
    const longest = Math.max(this.#current, this.#previous)
    return longest > 0 ? Math.max(MIN_WINDOW_MS, longest) : undefined
  }
}
