import { untilAborted } from '@harbor/parts'
import { AttemptError } from '../attempt/attempt-error.ts'
import { AttemptScope } from '../attempt/attempt-scope.ts'
import {
  remainingMs,
  type Answer,
  type Exchange,
  type LegExchange,
  type LegHandler,
  type StreamEnd,
} from '../call/exchange.ts'
import { unanswered } from '../attempt/unanswered.ts'
import type { OpenAttempt } from '../reporting/open-receipt.ts'
import type { AttemptFailure } from '../reporting/attempt-record.ts'
import type { Accounts } from '../cost/accounts.ts'
import { originOf } from '../base/public-url.ts'
import { copyHeaders } from '../base/readonly-headers.ts'
import { cleanId } from '../base/clean.ts'
import { attemptReason, clockOf, noteDropped, phaseOf } from '../attempt/attempt-facts.ts'
import { judge } from '../attempt/judge.ts'
import { reportTakeover } from '../routing/takeover.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { TransportOf } from '../transport/provider-fetch.ts'
import type { HeldBytes } from '../wire/held-bytes.ts'

/**
 * Makes one attempt: sends the request, checks the answer, and records the outcome. This layer alone decides whether an attempt failed. An
 * attempt of a stream lasts until the stream ends.
 */
export function guardLayer(
  transportOf: TransportOf,
  telemetry: Telemetry,
  held: HeldBytes,
  accounts: Accounts,
): LegHandler {
  return async function guard(exchange) {
    const { leg, receipt, policy, client } = exchange
    if (client.closed) throw client.closed
    if (++leg.attempts === 1) reportTakeover(exchange, telemetry)
    const record = receipt.attempt(
      policy.clock.now(),
      leg.target.name,
      leg.adaptations,
      leg.key?.index,
      attemptReason(exchange),
    )
    record.origin = originOf(exchange.url)
    record.circuit = leg.circuit
    const transport = transportOf(leg.provider)
    const { observed, captured } = exchange
    captured?.noteSent(exchange)
    // An observer may delay the sending, so the transport alone cannot end the attempt in time.
    const scope = new AttemptScope(exchange, transport.honoursSignal && !observed)
    if (observed) scope.onStream = () => contentListener(exchange, record)
    client.sends(scope)
    try {
      const wire = { number: record.number, signal: scope.signal, remainingMs: remainingMs(exchange) }
      const response = await scope.wait(
        observed
          ? observed.attempt(record, (headers) =>
              untilAborted(scope.signal, () => transport(withHeaders(exchange, headers, telemetry), wire)),
            )
          : transport(exchange, wire),
      )
      record.status = response.status
      if (leg.provider.fetch) noteDropped(record, response.headers)
      record.requestId = cleanId(response.headers.get('x-request-id') ?? response.headers.get('request-id'))
      const answer = await judge(exchange, scope, response, held)
      whenOver(answer, (end) => {
        close(exchange, record, scope, telemetry, failureAtEnd(end))
      })
      return answer
    } catch (error) {
      // After an abort, the signal has the true reason; the transport may throw any error.
      const cause: unknown = scope.signal.aborted ? scope.signal.reason : error
      const failed = error instanceof AttemptError ? error : unanswered(exchange, cause)
      const { kind, code, ambiguous, retryAfterMs } = failed.failure
      if (ambiguous) notePossiblyBilled(exchange, accounts, telemetry)
      const phase = phaseOf(record, failed)
      const clock = clockOf(failed)
      close(exchange, record, scope, telemetry, {
        ...{ kind, code, ambiguous, retryAfterMs, phase },
        ...(clock && { clock }),
      })
      throw failed
    }
  }
}

/** Returns a function to call for each event with content of a stream; undefined if no observer wants to know of them. */
function contentListener({ observed, policy }: LegExchange, record: OpenAttempt): (() => void) | undefined {
  const listener = observed?.chunks(record)
  return listener && (() => listener(policy.clock.now()))
}

/** Counts an attempt that the provider may have billed. It is counted here, since a hedge may lose after the call is over. */
function notePossiblyBilled(exchange: LegExchange, accounts: Accounts, telemetry: Telemetry): void {
  const { receipt, operation, method, url, leg } = exchange
  receipt.possiblyBilled++
  if (operation.checksAnswers && operation.request.mayBeBilled(method, url))
    telemetry.shield('Accounting for a call failed', () => accounts.bookPossible(exchange, leg.target))
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

function whenOver({ body }: Answer, over: (end: StreamEnd) => void): void {
  if (body.kind === 'stream') void body.ended.then(over)
  else over({ outcome: 'success' })
}

function failureAtEnd({ outcome, fault }: StreamEnd): AttemptFailure | undefined {
  if (outcome === 'success') return undefined
  const kind = outcome === 'aborted' ? 'aborted' : 'stream'
  return { kind, code: fault?.code, ambiguous: false, retryAfterMs: undefined, phase: 'body' }
}

function close(
  { receipt, policy, client, observed }: Exchange,
  record: OpenAttempt,
  scope: AttemptScope,
  telemetry: Telemetry,
  failure: AttemptFailure | undefined,
): void {
  scope.close()
  client.over(scope)
  record.failure = failure
  record.durationMs = policy.clock.now() - record.startedAt
  telemetry.emit('attempt', { receipt, attempt: record })
  observed?.attemptEnded(record)
}
