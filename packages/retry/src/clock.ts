export { systemClock } from '@harbor/parts'

/** The source of time of a retry policy or budget. Pass a clock of your own to run tests without real waits, or to replace `setTimeout`. */
export interface Clock {
  /** Returns the time in milliseconds since 1970. Must be monotonic: a clock that goes back makes deadlines and windows longer. */
  now(): number
  /**
   * Waits for the delay before the next attempt. Must resolve after `ms` milliseconds, or reject with the signal's reason as
   * soon as the signal aborts. @default `setTimeout`, cleared on abort
   */
  sleep?(ms: number, signal?: AbortSignal): Promise<void>
}
