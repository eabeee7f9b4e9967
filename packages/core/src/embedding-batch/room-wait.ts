import { MAX_TIMER_MS } from '@harbor/parts'

/**
 * Waits until the limits have room for a request, so that the request fills up in the meantime.
 *
 * @throws the signal's own reason when it aborts
 */
export function waitForRoom(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, fail) => {
    const reject: (reason: unknown) => void = fail
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(end, Math.min(Math.ceil(ms), MAX_TIMER_MS))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}
