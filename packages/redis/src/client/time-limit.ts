/** If the timer of a command fires later than this share of its time, the command gets the time again, at most this number of times. */
const LATENESS = 0.2
const MAX_EXTENSIONS = 2

/**
 * Calls a function if Redis has not answered a command in time. A timer that fires late shows that this process, and perhaps the whole machine, was
 * too busy. That says nothing about Redis, so the command then gets the time again.
 *
 * @param ms the time, in milliseconds
 * @returns a function to be called with the answer, which returns whether it was in time
 */
export function timeLimit(ms: number, onLate: () => void): () => boolean {
  let state: 'waiting' | 'answered' | 'late' = 'waiting'
  let extensions = 0
  const late = (): void => {
    if (state === 'answered') return
    state = 'late'
    onLate()
  }
  const wait = (): NodeJS.Timeout => {
    const endsAt = performance.now() + ms
    return setTimeout(() => {
      if (performance.now() - endsAt > ms * LATENESS && extensions++ < MAX_EXTENSIONS) timer = wait()
      // The reply may be here already: it is read before the callbacks of setImmediate.
      else setImmediate(late)
    }, ms)
  }
  let timer = wait()
  return () => {
    clearTimeout(timer)
    if (state === 'waiting') state = 'answered'
    return state === 'answered'
  }
}
