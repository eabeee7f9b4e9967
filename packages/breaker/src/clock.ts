export { systemClock } from '@harbor/parts'

/** A source of the current time. Pass your own clock to test without waiting. */
export interface Clock {
  /** Returns the current time, in milliseconds since 1970. If it goes back, the breaker continues from the latest time it has seen. */
  now(): number
}
