/** The longest delay that `setTimeout` keeps, about 24.8 days. It runs a longer one at once, a storm instead of a wait. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Calls `onAbort` with the signal's own reason as soon as it aborts, at once if it has, or `onTime` after `ms`, however long
 * that is: one of the two, once. By then the timer and the listener are gone.
 *
 * @returns what calls it off
 */
export function interrupt(
  signal: AbortSignal | undefined,
  ms: number,
  onAbort: (reason: unknown) => void,
  onTime?: () => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined

  const callOff = (): void => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  const abort = (): void => {
    callOff()
    onAbort(signal?.reason)
  }
  const wait = (leftMs: number): void => {
    const later = (): void => {
      if (leftMs > LONGEST_TIMER_MS) {
        wait(leftMs - LONGEST_TIMER_MS)
      } else {
        callOff()
        onTime?.()
      }
    }
    timer = setTimeout(later, Math.min(leftMs, LONGEST_TIMER_MS))
  }

  if (signal?.aborted) {
    abort()
  } else {
    signal?.addEventListener('abort', abort)
    if (ms < Infinity) wait(ms)
  }
  return callOff
}

/** Resolves after `ms`. Rejects with the signal's own reason as soon as it aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => interrupt(signal, ms, reject, resolve))
}
