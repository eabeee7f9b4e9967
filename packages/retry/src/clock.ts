export { systemClock } from '@harbor/parts'

/** The source of the time. Pass your own clock to test without waiting, or to wait in another way. */
export interface Clock {
  /** Returns the time in milliseconds since 1970. The time must never run backwards. */
  now(): number
  /**
   * Waits before the next attempt: resolves after `ms` milliseconds, or rejects with the signal's reason as soon as the signal
   * aborts. @default `setTimeout`, cleared on abort
   */
  sleep?(ms: number, signal?: AbortSignal): Promise<void>
}
