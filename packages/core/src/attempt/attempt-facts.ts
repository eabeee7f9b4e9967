import { RedirectRefusedError, StreamFaultError, TimeoutError, type ClockName } from '../base/errors.ts'
import type { LegExchange } from '../call/exchange.ts'
import type { AttemptPhase, AttemptReason, AttemptRecord } from '../reporting/attempt-record.ts'
import { isFailureStatus, situationOf, VERDICTS } from '../verdict/verdict.ts'
import type { OpenAttempt } from '../reporting/open-receipt.ts'
import type { CallFailure } from '../reporting/receipt.ts'
import { AttemptError } from './attempt-error.ts'

/** Returns why the attempt that begins now is made. */
export function attemptReason({ leg, receipt }: LegExchange): AttemptReason {
  if (leg.attempts > 1) return 'retry'
  if (leg.continues) return 'continue'
  if (leg.hedged) return 'hedge'
  // A service tier that refused the call is tried again after a wait.
  if (leg.endsAt !== undefined && receipt.attempts.at(-1)?.target === leg.target.name) return 'retry'
  if (leg.circuit === 'half-open') return 'probe'
  return leg.takeover || receipt.attempts.length > 0 ? 'fallback' : 'first'
}

/** Returns how far a failed attempt came. If it cannot be known whether the request was sent, it counts as sent. */
export function phaseOf({ status }: AttemptRecord, { failure, cause }: AttemptError): AttemptPhase {
  if (status !== undefined) return isFailureStatus(status) ? 'headers' : 'body'
  if (RedirectRefusedError.is(cause)) return 'headers'
  // Only a request that was not sent can never be billed.
  return !failure.ambiguous && VERDICTS[situationOf(failure)].billed === 'no' ? 'not-sent' : 'sent'
}

/** Returns which of Harbor's timeouts was exceeded; undefined for other failures. */
export function clockOf(error: unknown): ClockName | undefined {
  if (TimeoutError.is(error)) return error.clock
  return error instanceof AttemptError && TimeoutError.is(error.cause) ? error.cause.clock : undefined
}

/** Returns why a call failed. @param error the error with which it failed, or the fault of its stream */
export function callFailureOf(error: unknown): CallFailure {
  const clock = clockOf(error)
  if (error instanceof AttemptError) {
    const { kind, code, status } = error.failure
    return { kind, code, status, clock }
  }
  if (StreamFaultError.is(error)) return { kind: 'stream', code: error.code, status: error.status, clock }
  return { kind: clock ? 'timeout' : 'unknown', code: undefined, status: undefined, clock }
}

/** The maximum number of names that are read from the header `x-harbor-dropped`. */
const MAX_DROPPED = 20
const DROPPED_NAME = /^[\w.:/-]{1,64}$/

/** Records what the `fetch` of a provider reports as left out of the request, in the response header `x-harbor-dropped`. */
export function noteDropped(record: OpenAttempt, headers: Headers): void {
  const names = (headers.get('x-harbor-dropped') ?? '').split(',', MAX_DROPPED).map((name) => name.trim())
  const dropped = names.filter((name) => DROPPED_NAME.test(name)).map((name) => `dropped ${name}`)
  if (dropped.length > 0) record.adaptations = [...record.adaptations, ...dropped]
}
