/** A source of the current time. Pass your own to test without waiting; timers still use `setTimeout`. */
export interface Clock {
  /**
   * Returns the current time, in milliseconds since 1970. The times of entries in a far tier come from this clock. So processes that share
   * a far tier need clocks that agree.
   */
  now(): number
}

// The default clock. It is monotonic, so expired entries do not become fresh again when the system clock is set back.
export { systemClock } from '@harbor/parts'
