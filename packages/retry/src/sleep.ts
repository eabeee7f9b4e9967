/** The longest delay that `setTimeout` keeps, about 24.8 days. It runs a longer one at once, a storm instead of a wait. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Resolves after `ms`, however long that is. Rejects with the signal's own reason as soon as it aborts. The timer and the
 * listener are gone by then either way.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const abort = (): void => {
    clearTimeout(timer)
    reject(signal?.reason)
  }
  const wait = (leftMs: number): void => {
    const sliceMs = Math.min(leftMs, LONGEST_TIMER_MS)
    timer = setTimeout(() => {
      if (leftMs > sliceMs) {
        wait(leftMs - sliceMs)
      } else {
        signal?.removeEventListener('abort', abort)
        resolve(undefined)
      }
    }, sliceMs)
  }

  if (signal?.aborted) {
    abort()
  } else {
    signal?.addEventListener('abort', abort, { once: true })
    wait(ms)
  }
  return promise
}
