import { vi } from 'vitest'
import { createRateLimiter } from '../src/limits/create-rate-limiter.ts'
import type { RateLimits } from '../src/limits/rate-limits.ts'

export interface Traffic {
  callers: number
  /** How long an answer takes, in milliseconds; a refusal takes 50. */
  latencyMs: number
  /** How long a caller waits after a call. */
  thinkMs: (wasRefused: boolean) => number
  /** Whether the provider refuses a request that comes at this time, in milliseconds since the beginning. */
  refuses: (atMs: number) => boolean
  minutes: number
  /** What a refusal asks for. */
  retryAfterMs?: number
  limits?: RateLimits
}

/**
 * Callers that call one after the other, under fake timers.
 *
 * @returns good answers in each minute
 */
export async function answersPerMinute(traffic: Traffic): Promise<number[]> {
  const { callers, latencyMs, thinkMs, refuses, minutes, retryAfterMs } = traffic
  const limiter = createRateLimiter(traffic.limits ?? {})
  const begun = Date.now()
  const answers = Array.from({ length: minutes }, () => 0)
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))
  const call = async (): Promise<void> => {
    for (;;) {
      const lease = await limiter.acquire({ input: 10, output: 10 })
      const refused = refuses(Date.now() - begun)
      await sleep(refused ? 50 : latencyMs)
      if (refused) lease.settle({ status: 429, retryAfterMs })
      else lease.settle({ status: 200, usage: { input: 10, output: 10 } })
      const minute = Math.floor((Date.now() - begun) / 60_000)
      if (!refused && minute < minutes) answers[minute] = (answers[minute] ?? 0) + 1
      await sleep(thinkMs(refused))
    }
  }
  for (let caller = 0; caller < callers; caller++) void call()
  await vi.advanceTimersByTimeAsync(minutes * 60_000)
  vi.clearAllTimers()
  return answers
}
