import { LONGEST_TIMER_MS } from '@harbor/parts'

/** What has a limited time. */
export interface Timed {
  /** When its time began. */
  readonly begunAt?: number | undefined
  /** Its time is up; called once, unless it is stopped before. */
  onTime(): void
}

export interface Timer {
  start(timed: Timed): void
  stop(timed: Timed): void
}

/** A timer for one, which may wait for longer than `setTimeout` can, and forever. */
export function ownTimer(ms: number): Timer {
  let handle: ReturnType<typeof setTimeout> | undefined

  function start(timed: Timed, leftMs = ms): void {
    if (leftMs === Infinity) return
    const later = (): void => {
      if (leftMs > LONGEST_TIMER_MS) start(timed, leftMs - LONGEST_TIMER_MS)
      else timed.onTime()
    }
    handle = setTimeout(later, Math.min(leftMs, LONGEST_TIMER_MS))
  }

  return { start, stop: () => clearTimeout(handle) }
}
