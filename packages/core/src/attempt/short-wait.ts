import { backoff, type Backoff } from '@harbor/retry'
import type { Policy } from '../policy/policy.ts'

/**
 * The maximum wait before the first retry at a target, in milliseconds, if another target can take over. In a longer wait, that target
 * could already answer.
 */
export const MAX_SHORT_WAIT_MS = 100

/** Returns the backoff of the option `retry`, with a shorter wait before the first retry. It is used if another target can take over. */
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
