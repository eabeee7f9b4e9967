import { MAX_TIMER_MS } from '@harbor/parts'

/** Waits for `ms` milliseconds, or until one of the signals is aborted. @returns a promise that never rejects */
export function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  if (signals.some((signal) => signal?.aborted)) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      for (const signal of signals) signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(Math.ceil(ms), MAX_TIMER_MS))
    for (const signal of signals) signal?.addEventListener('abort', end)
  })
}
