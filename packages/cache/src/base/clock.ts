/** Where time comes from. Pass your own to test without waiting. */
export interface Clock {
  /** The time in milliseconds since 1970. It also dates what a far tier keeps, so processes that share one must agree on it. */
  now(): number
}

const ORIGIN_MS = performance.timeOrigin

/** Monotonic, so that a wall clock set back makes nothing fresh again. */
export const systemClock: Clock = { now: () => ORIGIN_MS + performance.now() }
