/** Where time comes from. Pass your own to test without waiting. */
export interface Clock {
  /** The time in milliseconds since 1970. */
  now(): number
}

const ORIGIN_MS = performance.timeOrigin

/** Monotonic, so that a wall clock set back or forth opens and closes nothing. */
export const systemClock: Clock = { now: () => ORIGIN_MS + performance.now() }
