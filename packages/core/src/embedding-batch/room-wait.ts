import { MAX_TIMER_MS } from '@harbor/parts'

/**
 * Delays a request that the limits would delay anyway, so that more texts can join it meanwhile.
 *
 * @param ms the time until the limits have room, in milliseconds
 * @throws the reason of `signal` when it aborts
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
