/** The longest delay that `setTimeout` accepts, about 24.8 days. It fires at once for a longer one. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** Read once: the getter is slower than `performance.now()`. */
const { timeOrigin } = performance

/** Milliseconds since 1970. Monotonic, so that a change of the wall clock moves no wait, deadline or expiry. */
export const systemClock = { now: (): number => timeOrigin + performance.now() }
