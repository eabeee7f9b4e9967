/** Where time comes from. Pass your own to test without waiting. */
export interface Clock {
  /** The time in milliseconds since 1970. It dates the entries of a far tier, so processes that share one need clocks that agree. */
  now(): number
}

// Monotonic: when the wall clock is set back, expired entries do not become fresh again.
export { systemClock } from '@harbor/parts'
