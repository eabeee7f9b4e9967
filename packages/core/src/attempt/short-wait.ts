import { backoff, type Backoff } from '@harbor/retry'
import type { Policy } from '../policy/policy.ts'

/** While another target can take over, the first wait at a target is no longer: its caller could have an answer by then. */
export const MAX_SHORT_WAIT_MS = 100

/** The waits at a target while another one can take over: those of the `retry` option, but they begin short. */
export function shortWaits({ retry }: Policy): Backoff {
  const { baseDelayMs = MAX_SHORT_WAIT_MS, maxDelayMs, factor, jitter, backoff: own } = retry
  const delays =
    own ??
    backoff.exponential({
      baseDelayMs: Math.min(baseDelayMs, MAX_SHORT_WAIT_MS),
      maxDelayMs,
      factor,
      jitter: jitter === 'decorrelated' ? true : jitter,
    })
  return (attempt, previousDelayMs, random) => {
    const delayMs = delays(attempt, previousDelayMs, random)
    return attempt === 1 ? Math.min(delayMs, MAX_SHORT_WAIT_MS) : delayMs
  }
}
