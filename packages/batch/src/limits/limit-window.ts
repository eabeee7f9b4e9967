import type { ObservedLimit } from './headers/rate-limit-headers.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000
/**
 * The maximum time until the reset of a limit per minute, in milliseconds. A limit with a later reset has a longer window. The value is above a
 * minute, to allow for rounding and for debts.
 */
export const MAX_RESET_OF_A_MINUTE_MS = 90_000
/** The maximum window of a limit: a month. */
const MAX_WINDOW_MS = 32 * DAY_MS
/** The tolerated error of a reset, in milliseconds: providers round resets to seconds. */
const ROUNDING_MS = 2_000

/** Copies an observed limit without implausible numbers. Needed because callers can pass limits that another parser has read. */
export function plausible(observed: ObservedLimit): ObservedLimit {
  const { limit, remaining, resetAfterMs, windowMs, unknownWindow } = observed
  const kept: ObservedLimit = {}
  // A limit below one would block all requests for ever, so it must be wrong.
  if (isWithin(limit, 1, Number.MAX_SAFE_INTEGER)) kept.limit = limit
  if (isWithin(remaining, -Infinity, Number.MAX_SAFE_INTEGER)) kept.remaining = Math.max(0, remaining)
  if (isWithin(resetAfterMs, 0, MAX_WINDOW_MS)) kept.resetAfterMs = resetAfterMs
  if (isWithin(windowMs, 1, MAX_WINDOW_MS)) kept.windowMs = windowMs
  if (unknownWindow && kept.windowMs === undefined) kept.unknownWindow = true
  return kept
}

/**
 * Returns the window, in milliseconds, of a limit whose header is documented to count per minute. The window is a minute, unless the reset is later.
 * Some providers report requests per day in the same headers: the window is then computed from the used amount and the time until that amount is
 * available again.
 */
export function documentedWindow({ limit = 0, remaining, resetAfterMs = 0 }: ObservedLimit): number {
  if (resetAfterMs <= MAX_RESET_OF_A_MINUTE_MS) return MINUTE_MS
  const missing = remaining === undefined ? 0 : limit - remaining
  return missing > 0 ? Math.min(DAY_MS, (resetAfterMs * limit) / missing) : DAY_MS
}

/**
 * Returns the shortest window, in milliseconds, that is consistent with a header. If a limit per minute refills steadily, its reset is the used share
 * of a minute. If the reported reset is different, the window may be shorter than a minute, but not shorter than the reset.
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
/**
 * The minimum time for which a reported reset is remembered, in milliseconds. Only the first answers in a window report a reset that is as long as
 * the window.
 */
const REMEMBERED_MS = 60_000

/** Estimates the window of a limit if no header reports it: the longest time until a reset that was reported recently. */
export class LongestReset {
  #current = 0
  #previous = 0
  #since = -Infinity

  /**
   * Adds the reset of an answer, in milliseconds.
   *
   * @returns the estimated window, in milliseconds; undefined until a reset was reported
   */
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
