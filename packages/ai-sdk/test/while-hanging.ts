import type { TestProvider } from '@harbor/simulator/vitest'
import { expect, vi } from 'vitest'

/** The option `attemptMs` of the models in calls of `whileHanging`. */
export const ATTEMPT_MS = 1_000

/**
 * Makes calls whose first model does not answer, and ends their attempts there once all requests have arrived. Time stands still otherwise, so
 * the model that is called next has as long as it needs, also on a machine that is busy with other work.
 * @param provider the provider of the first model; it must have a `hang` for each request
 * @param requests the number of requests that it gets
 */
export async function whileHanging<T>(
  provider: TestProvider,
  requests: number,
  calls: () => Promise<T>,
): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const results = calls()
    results.catch(() => undefined)
    await expect.poll(() => provider.counts().calls).toBe(requests)
    await vi.advanceTimersByTimeAsync(ATTEMPT_MS)
    return await results
  } finally {
    vi.useRealTimers()
  }
}
