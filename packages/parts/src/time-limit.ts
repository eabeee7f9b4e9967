/** If the timer fires later than this share of its time, the work gets the time again, at most this number of times. */
const LATENESS = 0.2
const MAX_EXTENSIONS = 2

/**
 * Calls a function if work outside of this process, such as a command to a server, has not ended in time. A timer that fires late shows that this
 * process, and perhaps the whole machine, was too busy. That says nothing about the server, so the work then gets the time again. The timer does not
 * keep the process alive.
 *
 * @param ms the time, in milliseconds
 * @param onLate called when the time is over
 * @returns a function to be called when the work has ended, which returns whether it was in time
 */
export function timeLimit(ms: number, onLate: () => void): () => boolean {
  let state: 'waiting' | 'ended' | 'late' = 'waiting'
  let extensions = 0
  const late = (): void => {
    if (state === 'ended') return
    state = 'late'
    onLate()
  }
  const wait = (): ReturnType<typeof setTimeout> => {
    const endsAt = performance.now() + ms
    const timer = setTimeout(() => {
      const lateBy = performance.now() - endsAt
      if (lateBy > ms * LATENESS && extensions++ < MAX_EXTENSIONS) latest = wait()
      // The answer may be here already: Node reads it before the callbacks of setImmediate.
      else if (lateBy > 1 && typeof setImmediate === 'function') setImmediate(late)
      else late()
    }, ms)
    // In browsers a timer is a number, and there is no process to keep alive.
    ;(timer as { unref?: () => void }).unref?.()
    return timer
  }
  let latest = wait()
  return () => {
    clearTimeout(latest)
    if (state === 'waiting') state = 'ended'
    return state === 'ended'
  }
}
