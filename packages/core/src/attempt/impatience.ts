import { TimeoutError } from '../base/errors.ts'
import type { LegExchange } from '../call/exchange.ts'

/** The usual duration of an answer, in milliseconds, that is assumed for a target with fewer than `MIN_SAMPLES` answers. */
const USUAL_MS = 2_000
/** The minimum number of answers from which the usual duration of an answer is computed for a target. */
const MIN_SAMPLES = 20

/** The durations of a target's latest answers. */
export interface Latencies {
  readonly samples: number
  quantileMs(part: number): number | undefined
}

/**
 * Whether an attempt failed only because the timeout of this call was too short. Such a failure says nothing about the target. A timeout is
 * too short if it was set for this call, and left the target less time than an answer usually takes.
 */
export function wasImpatient(exchange: LegExchange, cause: unknown, latencies: Latencies): boolean {
  if (!TimeoutError.is(cause) || !isOwnClock(exchange, cause)) return false
  const usualMs = latencies.samples < MIN_SAMPLES ? USUAL_MS : (latencies.quantileMs(0.95) ?? USUAL_MS)
  return timeGivenMs(exchange, cause) < usualMs
}

/**
 * Whether the timeout that ran out was set for this call: in `perCall`, or as its total time. An attempt timeout that was derived from the
 * total time counts, too.
 */
function isOwnClock({ perCall: { timeouts }, policy, leg }: LegExchange, { clock }: TimeoutError): boolean {
  if (clock === 'total') return true
  if (clock === 'attempt' && leg.endsAt !== undefined) return true
  if (clock === 'attempt') return policy.attemptMs === Infinity || timeouts?.attemptMs !== undefined
  return (clock === 'idle' ? timeouts?.idleMs : timeouts?.firstTokenMs) !== undefined
}

/**
 * Returns the time that the target had for the attempt, in milliseconds. If the total time of the call ran out, the target had only a part
 * of it, since earlier waits and attempts had used the rest.
 */
function timeGivenMs({ receipt, leg }: LegExchange, { clock, limitMs }: TimeoutError): number {
  if (clock !== 'total') return limitMs
  const attempt = receipt.attempts.findLast(({ target }) => target === leg.target.name)
  return attempt?.durationMs ?? limitMs
}
