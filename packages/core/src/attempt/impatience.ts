import { TimeoutError } from '../base/errors.ts'
import type { LegExchange } from '../call/exchange.ts'

/** What a target may take for an answer while too little is known of it, in milliseconds. */
const USUAL_MS = 2_000
/** So many answers are enough to know how long a target usually takes. */
const MIN_SAMPLES = 20

/** How long the answers of a target took. */
export interface Latencies {
  readonly samples: number
  quantileMs(part: number): number | undefined
}

/**
 * Whether an attempt ended because its own caller had little time, which says nothing about the target: the clock that ran out
 * belongs to this call, and left the target less time than it usually takes.
 */
export function wasImpatient(exchange: LegExchange, cause: unknown, latencies: Latencies): boolean {
  if (!TimeoutError.is(cause) || !isOwnClock(exchange, cause)) return false
  const usualMs = latencies.samples < MIN_SAMPLES ? USUAL_MS : (latencies.quantileMs(0.95) ?? USUAL_MS)
  return timeGivenMs(exchange, cause) < usualMs
}

/** The total is the caller's, and what is derived from it; other clocks are, where the call set them. */
function isOwnClock({ perCall: { timeouts }, policy }: LegExchange, { clock }: TimeoutError): boolean {
  if (clock === 'total') return true
  if (clock === 'attempt') return policy.attemptMs === Infinity || timeouts?.attemptMs !== undefined
  return (clock === 'idle' ? timeouts?.idleMs : timeouts?.firstTokenMs) !== undefined
}

/** Of the total, an attempt has only what waits and earlier attempts left of it. */
function timeGivenMs({ receipt, leg }: LegExchange, { clock, limitMs }: TimeoutError): number {
  if (clock !== 'total') return limitMs
  const attempt = receipt.attempts.findLast(({ target }) => target === leg.target.name)
  return attempt?.durationMs ?? limitMs
}
