import { MAX_TIMER_MS } from '@harbor/parts'

/** Something with a time limit. */
export interface Timed {
  /** The start of the time limit, in milliseconds since 1970. */
  readonly startedAt?: number | undefined
  /** Called once when the time is up, unless the timer was stopped before. */
  onTimeUp(): void
}

/** Starts and stops time limits. */
export interface Timer {
  start(timed: Timed): void
  stop(timed: Timed): void
}

/** Creates a timer for a single use. `ms` may be longer than `setTimeout` allows; with `Infinity` the time is never up. */
export function ownTimer(ms: number): Timer {
  let handle: ReturnType<typeof setTimeout> | undefined

  function start(timed: Timed, leftMs = ms): void {
    if (leftMs === Infinity) return
    const later = (): void => {
      if (leftMs > MAX_TIMER_MS) start(timed, leftMs - MAX_TIMER_MS)
      else timed.onTimeUp()
    }
    handle = setTimeout(later, Math.min(leftMs, MAX_TIMER_MS))
  }

  return { start, stop: () => clearTimeout(handle) }
}
