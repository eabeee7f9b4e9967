import { TimeoutError } from '../base/errors.ts'
import type { LegExchange } from '../call/exchange.ts'

/** The usual time of an answer, in milliseconds, assumed while a target has fewer than `MIN_SAMPLES` answers. */
const USUAL_MS = 2_000
/** How many answers a target must have given before its usual time is computed from them. */
const MIN_SAMPLES = 20

/** The durations of a target's latest answers. */
export interface Latencies {
  readonly samples: number
  quantileMs(part: number): number | undefined
}

/**
 * Whether an attempt failed only because its caller set a timeout that is too short, which says nothing about the target. A timeout is too
 * short if it was set for this call and left the target less time than the target usually needs.
 */
export function wasImpatient(exchange: LegExchange, cause: unknown, latencies: Latencies): boolean {
  if (!TimeoutError.is(cause) || !isOwnClock(exchange, cause)) return false
  const usualMs = latencies.samples < MIN_SAMPLES ? USUAL_MS : (latencies.quantileMs(0.95) ?? USUAL_MS)
  return timeGivenMs(exchange, cause) < usualMs
}

/**
 * Whether the timeout that expired was set for this call: as its total time, from which an attempt timeout may be derived, or in `perCall`.
 */
function isOwnClock({ perCall: { timeouts }, policy }: LegExchange, { clock }: TimeoutError): boolean {
  if (clock === 'total') return true
  if (clock === 'attempt') return policy.attemptMs === Infinity || timeouts?.attemptMs !== undefined
  return (clock === 'idle' ? timeouts?.idleMs : timeouts?.firstTokenMs) !== undefined
}

/**
 * The time that the target had for the attempt, in milliseconds. If the total time ran out, earlier waits and attempts had already used a
 * part of it.
 */
function timeGivenMs({ receipt, leg }: LegExchange, { clock, limitMs }: TimeoutError): number {
  if (clock !== 'total') return limitMs
  const attempt = receipt.attempts.findLast(({ target }) => target === leg.target.name)
  return attempt?.durationMs ?? limitMs
}
