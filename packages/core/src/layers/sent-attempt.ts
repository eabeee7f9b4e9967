import { untilAborted } from '@harbor/parts'
import { AttemptError } from '../attempt/attempt-error.ts'
import { clockOf, noteDropped, phaseOf } from '../attempt/attempt-facts.ts'
import type { AttemptScope } from '../attempt/attempt-scope.ts'
import { unanswered } from '../attempt/unanswered.ts'
import { cleanId } from '../base/clean.ts'
import { originOf } from '../base/public-url.ts'
import { copyHeaders } from '../base/readonly-headers.ts'
import type { LegExchange, Transport } from '../call/exchange.ts'
import type { AttemptFailure, AttemptReason } from '../reporting/attempt-record.ts'
import type { OpenAttempt } from '../reporting/open-receipt.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/** One request on the wire, and what reports of it. */
export interface Sending {
  readonly transport: Transport
  readonly scope: AttemptScope
  /** Aborts the request. */
  readonly signal: AbortSignal
  /** The time within which the headers of the answer must arrive, in milliseconds. */
  readonly remainingMs: number
  readonly telemetry: Telemetry
}

/** Starts the record of an attempt. */
export function openAttempt(exchange: LegExchange, reason: AttemptReason): OpenAttempt {
  const { leg, receipt, policy, url } = exchange
  const { target, adaptations, key } = leg
  const record = receipt.attempt(policy.clock.now(), target.name, adaptations, key?.index, reason)
  record.origin = originOf(url)
  record.circuit = leg.circuit
  return record
}

/** Sends the request of an attempt. @returns the answer, whose head is recorded */
export async function sendAttempt(
  exchange: LegExchange,
  record: OpenAttempt,
  { transport, scope, signal, remainingMs, telemetry }: Sending,
): Promise<Response> {
  const { observed, leg } = exchange
  const wire = { number: record.number, signal, remainingMs }
  const response = await scope.wait(
    observed
      ? observed.attempt(record, (headers) =>
          untilAborted(signal, () => transport(withHeaders(exchange, headers, telemetry), wire)),
        )
      : transport(exchange, wire),
  )
  record.status = response.status
  if (leg.provider.fetch) noteDropped(record, response.headers)
  record.requestId = cleanId(response.headers.get('x-request-id') ?? response.headers.get('request-id'))
  return response
}

/** Ends the record of an attempt, and reports it. Does nothing if it has ended before. */
export function endAttempt(
  { receipt, policy, observed }: LegExchange,
  record: OpenAttempt,
  telemetry: Telemetry,
  failure: AttemptFailure | undefined,
): void {
  if (record.durationMs !== undefined) return
  record.failure = failure
  record.durationMs = policy.clock.now() - record.startedAt
  telemetry.emit('attempt', { receipt, attempt: record })
  observed?.attemptEnded(record)
}

/** Returns the failure of an attempt. After an abort, the signal has the true reason; the transport may throw any error. */
export function failedAttempt(exchange: LegExchange, signal: AbortSignal, error: unknown): AttemptError {
  return error instanceof AttemptError ? error : unanswered(exchange, signal.aborted ? signal.reason : error)
}

/** Returns the facts of a failed attempt for its record. */
export function attemptFailure(record: OpenAttempt, failed: AttemptError): AttemptFailure {
  const { kind, code, ambiguous, retryAfterMs } = failed.failure
  const clock = clockOf(failed)
  return { kind, code, ambiguous, retryAfterMs, phase: phaseOf(record, failed), ...(clock && { clock }) }
}

/** Adds the headers of an observer to a request. A header that HTTP does not allow is left out, with a warning. */
function withHeaders(
  exchange: LegExchange,
  added: Readonly<Record<string, string>> | undefined,
  telemetry: Telemetry,
): LegExchange {
  if (!added) return exchange
  const headers = copyHeaders(exchange.headers)
  for (const [name, value] of Object.entries(added)) {
    try {
      headers.set(name, value)
    } catch {
      telemetry.advise(
        `A call observer gave the header '${name.slice(0, 64)}', whose name or value HTTP does not allow.`,
      )
    }
  }
  return { ...exchange, headers }
}
