/** The longest delay that `setTimeout` accepts, in milliseconds: about 24.8 days. A timer with a longer delay fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** The start of the process, in milliseconds since 1970. Read only once, because the getter is slower than `performance.now()`. */
const { timeOrigin } = performance

/**
 * The default clock: milliseconds since 1970, monotonic. Changes of the system time therefore do not affect waits, deadlines
 * and expiries.
 */
export const systemClock = { now: (): number => timeOrigin + performance.now() }
