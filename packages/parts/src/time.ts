/** The longest delay that `setTimeout` accepts, in milliseconds: about 24.8 days. A timer with a longer delay fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** Read only once, because this getter is slower than `performance.now()`. */
const { timeOrigin } = performance

/** The default clock: milliseconds since 1970, monotonic. A change of the wall clock moves no wait, deadline or expiry. */
export const systemClock = { now: (): number => timeOrigin + performance.now() }
