import { situationOf, VERDICTS, type Failure } from '@harbor/retry'
import type { OpenReceipt } from '../receipts/open-receipt.ts'

/** The longest Retry-After for which a target is tried again while another one can take over, in milliseconds. */
const MAX_SHORT_WAIT_MS = 100
/** The maximum number of attempts of a call that are repeated although the provider may have processed, and billed, them. */
const MAX_AMBIGUOUS_RETRIES = 1

/** The state of a call that has not been answered yet. */
export interface CallState {
  readonly receipt: OpenReceipt
  /** The signal of the caller. */
  readonly signal: AbortSignal | undefined
  /** Why targets cannot serve this call at all, by target. */
  readonly unable: ReadonlyMap<object, string>
  readonly maxUpstreamCalls: number
  readonly attemptsBeforeFallback: number
  /** The time left for the call, in milliseconds. */
  leftMs(): number
  /** The targets whose turn has come. */
  readonly tried: Set<object>
  /** The targets of which a failure was reported to the circuit. One call counts at most once, although it may make several attempts. */
  readonly reported: Set<object>
  /** Returns the number of targets that can still take over. */
  others(): number
}

/** Whether a failed attempt is repeated at the same target. The failure, the table of verdicts and the bounds of the call must allow it. */
export function mayRetryHere(state: CallState, target: { readonly name: string }, failure: Failure): boolean {
  const { receipt } = state
  const others = state.others()
  // One request is reserved for each other target.
  if (!failure.retryable || state.maxUpstreamCalls - receipt.upstreamCalls <= others) return false
  const situation = situationOf(failure)
  const { retryHere, nextTarget } = VERDICTS[situation]
  const here = receipt.attempts.filter(
    (attempt) => attempt.target === target.name && attempt.reason !== undefined,
  )
  if (others > 0) {
    if ((failure.retryAfterMs ?? 0) > MAX_SHORT_WAIT_MS || nextTarget === 'other-quota-group') return false
    if (here.length >= state.attemptsBeforeFallback) return false
  }
  if (failure.ambiguous) {
    const ambiguous = receipt.attempts.filter((attempt) => attempt.failure?.ambiguous === true)
    if (ambiguous.length > MAX_AMBIGUOUS_RETRIES) return false
  }
  // `retryHere` is `no`, but the provider asked for a retry.
  if (retryHere === 'no') return failure.status !== undefined
  if (retryHere === 'yes') return true
  return receipt.attempts.filter((attempt) => attempt.failure?.kind === failure.kind).length <= 1
}
