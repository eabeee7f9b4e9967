import { TimeoutError } from '../base/errors.ts'
import type { LegExchange } from '../call/exchange.ts'

/** How long an answer usually takes, in milliseconds, while a target has too few samples. */
const USUAL_MS = 2_000
/** How many answers it takes to know how long a target usually needs. */
const MIN_SAMPLES = 20

/** How long the latest answers of a target took. */
export interface Latencies {
  readonly samples: number
  quantileMs(part: number): number | undefined
}

/**
 * Whether an attempt ended because the caller's timeout is too short, which says nothing about the target: the timeout that ran out was
 * set for this call, and left the target less time than it usually needs.
 */
export function wasImpatient(exchange: LegExchange, cause: unknown, latencies: Latencies): boolean {
  if (!TimeoutError.is(cause) || !isOwnClock(exchange, cause)) return false
  const usualMs = latencies.samples < MIN_SAMPLES ? USUAL_MS : (latencies.quantileMs(0.95) ?? USUAL_MS)
  return timeGivenMs(exchange, cause) < usualMs
}

/** Whether the timeout was set for this call: the total, an attempt timeout derived from it, or one in `perCall`. */
function isOwnClock({ perCall: { timeouts }, policy }: LegExchange, { clock }: TimeoutError): boolean {
  if (clock === 'total') return true
  if (clock === 'attempt') return policy.attemptMs === Infinity || timeouts?.attemptMs !== undefined
  return (clock === 'idle' ? timeouts?.idleMs : timeouts?.firstTokenMs) !== undefined
}

/** How long the target had: of the total, only what waits and earlier attempts left. */
function timeGivenMs({ receipt, leg }: LegExchange, { clock, limitMs }: TimeoutError): number {
  if (clock !== 'total') return limitMs
  const attempt = receipt.attempts.findLast(({ target }) => target === leg.target.name)
  return attempt?.durationMs ?? limitMs
}
