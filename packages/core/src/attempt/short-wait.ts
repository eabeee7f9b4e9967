import { backoff, type Backoff } from '@harbor/retry'
import type { Policy } from '../policy/policy.ts'

/**
 * The maximum of the first backoff, in milliseconds, at a target while another target can take over. In a longer time, the other target
 * could answer.
 */
export const MAX_SHORT_WAIT_MS = 100

/** The backoff of the option `retry`, with a shortened first wait. It is used at a target while another target can take over. */
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
