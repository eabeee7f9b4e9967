export { systemClock } from '@harbor/parts'

/** The source of the time. Pass your own clock to test without waiting. */
export interface Clock {
  /** Returns the time in milliseconds since 1970. Should be monotonic. */
  now(): number
}
