import { MAX_TIMER_MS } from '@harbor/parts'

/** Something with a time limit. */
export interface Timed {
  /** When its time started to run. */
  readonly startedAt?: number | undefined
  /** Called once when its time is up, unless it was stopped before. */
  onTime(): void
}

export interface Timer {
  start(timed: Timed): void
  stop(timed: Timed): void
}

/** A timer for one user. It may run longer than `setTimeout` allows, and forever with `Infinity`. */
export function ownTimer(ms: number): Timer {
  let handle: ReturnType<typeof setTimeout> | undefined

  function start(timed: Timed, leftMs = ms): void {
    if (leftMs === Infinity) return
    const later = (): void => {
      if (leftMs > MAX_TIMER_MS) start(timed, leftMs - MAX_TIMER_MS)
      else timed.onTime()
    }
    handle = setTimeout(later, Math.min(leftMs, MAX_TIMER_MS))
  }

  return { start, stop: () => clearTimeout(handle) }
}
