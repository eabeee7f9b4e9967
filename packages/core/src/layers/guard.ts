import { AttemptScope } from '../attempt/attempt-scope.ts'
import { attemptReason } from '../attempt/attempt-facts.ts'
import { judge } from '../attempt/judge.ts'
import type { ClientGate } from '../call/client-gate.ts'
import {
  remainingMs,
  type Answer,
  type LegExchange,
  type LegHandler,
  type StreamEnd,
} from '../call/exchange.ts'
import type { Accounts } from '../cost/accounts.ts'
import type { AttemptFailure } from '../reporting/attempt-record.ts'
import type { OpenAttempt } from '../reporting/open-receipt.ts'
import { reportTakeover } from '../routing/takeover.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { TransportOf } from '../transport/provider-fetch.ts'
import type { HeldBytes } from '../wire/held-bytes.ts'
import { attemptFailure, endAttempt, failedAttempt, openAttempt, sendAttempt } from './sent-attempt.ts'
import { resumerFor } from './stream-resumer.ts'

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
    const { leg, client } = exchange
    if (client.closed) throw client.closed
    if (++leg.attempts === 1) reportTakeover(exchange, telemetry)
    const record = openAttempt(exchange, attemptReason(exchange))
    const transport = transportOf(leg.provider)
    const { observed, captured } = exchange
    captured?.noteSent(exchange)
    // An observer may delay the sending, so the transport alone cannot end the attempt in time.
    const scope = new AttemptScope(exchange, transport.honoursSignal && !observed)
    client.sends(scope)
    const sending = { transport, scope, remainingMs: remainingMs(exchange), telemetry }
    const resumer = resumerFor(exchange, record, sending)
    if (resumer) scope.resumable = (response) => resumer.over(response)
    if (observed) scope.onStream = () => contentListener(exchange, () => resumer?.record ?? record)
    try {
      const signal = resumer?.signal ?? scope.signal
      const response = await sendAttempt(exchange, record, { ...sending, signal })
      const answer = await judge(exchange, scope, response, held)
      whenOver(answer, (end) => {
        release(client, scope)
        endAttempt(exchange, resumer?.record ?? record, telemetry, failureAtEnd(end))
      })
      return answer
    } catch (error) {
      const failed = failedAttempt(exchange, scope.signal, error)
      if (failed.failure.ambiguous) notePossiblyBilled(exchange, accounts, telemetry)
      const current = resumer?.record ?? record
      release(client, scope)
      endAttempt(exchange, current, telemetry, attemptFailure(current, failed))
      throw failed
    }
  }
}

function release(client: ClientGate, scope: AttemptScope): void {
  scope.close()
  client.over(scope)
}

/** Returns a function to call for each event with content of a stream; undefined if no observer wants to know of them. */
function contentListener(
  { observed, policy }: LegExchange,
  current: () => OpenAttempt,
): (() => void) | undefined {
  let record = current()
  let listener = observed?.chunks(record)
  if (!listener) return undefined
  return () => {
    // A stream that is resumed goes on with another attempt.
    if (current() !== record) {
      record = current()
      listener = observed?.chunks(record)
    }
    listener?.(policy.clock.now())
  }
}

/** Counts an attempt that the provider may have billed. It is counted here, since a hedge may lose after the call is over. */
function notePossiblyBilled(exchange: LegExchange, accounts: Accounts, telemetry: Telemetry): void {
  const { receipt, operation, method, url, leg } = exchange
  receipt.possiblyBilled++
  if (operation.checksAnswers && operation.request.mayBeBilled(method, url))
    telemetry.shield('Accounting for a call failed', () => accounts.bookPossible(exchange, leg.target))
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
