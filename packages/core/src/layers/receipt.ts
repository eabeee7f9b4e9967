import { BulkStoppedError } from '@harbor/batch'
import { AttemptError } from '../attempt/attempt-error.ts'
import { callFailureOf } from '../attempt/attempt-facts.ts'
import { closedAnswer } from '../attempt/unanswered.ts'
import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import { ClientClosedError } from '../base/errors.ts'
import { observedCall } from './observe.ts'
import type { Accounts } from '../cost/accounts.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { ContentCapture } from '../telemetry/content-capture.ts'
import type { LabelStatistics } from '../telemetry/label-statistics.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/** What counts the calls, and what is notified of them. */
interface Statistics {
  readonly telemetry: Telemetry
  readonly labels: LabelStatistics
  readonly accounts: Accounts
  readonly capture: ContentCapture
}

/**
 * Opens and closes the receipt of a call, and decides what the caller gets if the call fails: the upstream server's error response if there
 * is one, otherwise an error.
 */
export function receiptLayer(statistics: Statistics): (next: Handler) => Handler {
  return (next) =>
    function receipt(given) {
      const { client } = given
      const { telemetry, capture } = statistics
      telemetry.emit('call', { receipt: given.receipt })
      const captured = capture.begin(given)
      const exchange = observedCall(captured ? { ...given, captured } : given, telemetry)
      client.begin()
      const answering = client.closed ? Promise.reject(new ClientClosedError('late')) : next(exchange)
      return answering.then(
        (answer) => {
          client.end()
          const { body } = answer
          const delivered = captured ? captured.answered(answer) : answer
          if (body.kind === 'text') close(exchange, 'success', statistics)
          else void body.ended.then(({ outcome, fault }) => close(exchange, outcome, statistics, fault))
          return delivered
        },
        (error: unknown) => {
          client.end()
          const isAborted = exchange.callerSignal?.aborted === true || isCalledOff(error)
          const answer = answerFor(exchange, error)
          const delivered = answer && captured ? captured.answered(answer) : answer
          close(exchange, isAborted ? 'aborted' : 'failure', statistics, error)
          if (delivered) return delivered
          throw error instanceof AttemptError ? error.cause : error
        },
      )
    }
}

/** Whether a call was cancelled because its bulk run stopped or its client was closed. Such a call does not count as failed. */
function isCalledOff(error: unknown): boolean {
  return (
    BulkStoppedError.is(error) || ClientClosedError.is(error instanceof AttemptError ? error.cause : error)
  )
}

/** Returns the answer that the caller of a failed call gets; undefined if it gets an error. */
function answerFor(exchange: Exchange, error: unknown): Answer | undefined {
  if (ClientClosedError.is(error)) return closedAnswer(exchange, error)
  return error instanceof AttemptError ? error.answer : undefined
}

function close(
  exchange: Exchange,
  outcome: 'success' | 'failure' | 'aborted',
  { telemetry, labels, accounts }: Statistics,
  error?: unknown,
): void {
  const { receipt, policy, perCall, log, observed, captured } = exchange
  const failure = outcome === 'failure' ? callFailureOf(error) : undefined
  if (!receipt.close(outcome, policy.clock.now(), failure)) return
  labels.count(receipt)
  accounts.countCall(receipt)
  telemetry.emit('end', { receipt })
  observed?.end(receipt)
  captured?.end()
  // A failure is logged only at level info, as in the SDK, since the caller gets the error.
  const level = outcome === 'failure' ? 'info' : 'debug'
  telemetry.shield('The logger threw', () => log(level, () => logLineFor(receipt)))
  const { onReceipt } = perCall
  if (onReceipt) telemetry.shield('onReceipt threw', () => onReceipt(receipt))
}

function logLineFor({ id, operation, outcome, attempts }: Receipt): string {
  const failed = attempts.at(-1)?.failure
  const last = failed ? `, the last one: ${failed.code ?? failed.kind}` : ''
  return `${id}: ${operation} ${outcome} after ${attempts.length} attempt(s)${last}`
}
