import { MAX_TIMER_MS } from '@harbor/parts'

/** A wait with a time limit. */
export interface Timed {
  /** The time at which the time limit begins, in milliseconds since 1970. */
  readonly startedAt?: number | undefined
  /** Called once when the time limit is reached, unless the timer was stopped before. */
  onTimeUp(): void
}

/** A timer, which starts and stops the time limits of waits. */
export interface Timer {
  start(timed: Timed): void
  stop(timed: Timed): void
}

/**
 * Creates a timer for a single use, with a time limit of `ms` milliseconds. `ms` may be longer than `setTimeout` allows;
 * `Infinity` means no limit.
 */
export function ownTimer(ms: number): Timer {
  let handle: ReturnType<typeof setTimeout> | undefined

  function start(timed: Timed, leftMs = ms): void {
    if (leftMs === Infinity) return
    const later = (): void => {
      if (leftMs > MAX_TIMER_MS) start(timed, leftMs - MAX_TIMER_MS)
      else timed.onTimeUp()
    }
    // Timers drop a fraction. One that is dropped would end a wait early, and leave time for another attempt after a deadline.
    handle = setTimeout(later, Math.min(Math.ceil(leftMs), MAX_TIMER_MS))
  }

  return { start, stop: () => clearTimeout(handle) }
}
