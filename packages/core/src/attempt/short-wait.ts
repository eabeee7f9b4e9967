import { backoff, type Backoff } from '@harbor/retry'
import type { Policy } from '../policy/policy.ts'

/** The longest first backoff at a target while another one can take over, in milliseconds: that one could have answered by then. */
export const MAX_SHORT_WAIT_MS = 100

/** The backoff at a target while another one can take over: that of the `retry` option, with a short first wait. */
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
