/** A source of time. Pass your own to test without waiting, or to replace `setTimeout`. */
export interface Clock {
  /** Returns the current time, in milliseconds since 1970. It should never be lower than an earlier result. */
  now(): number
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason as soon as the signal aborts. @default an abortable `setTimeout` */
  sleep?(ms: number, signal?: AbortSignal): Promise<void>
}

// Monotonic, so a wall clock that is set back or forward changes no wait and no deadline.
export { systemClock } from '@harbor/parts'

/** Wraps a clock so that it never runs backwards: when the underlying clock is set back, time continues from its latest value. */
export function steadyClock(clock: Clock): Clock {
  let latest = -Infinity
  let ahead = 0
  const now = (): number => {
    const read = clock.now()
    if (read + ahead < latest) ahead = latest - read
    return (latest = read + ahead)
  }
  if (!clock.sleep) return { now }
  return { now, sleep: async (ms, signal) => clock.sleep?.(ms, signal) }
}
