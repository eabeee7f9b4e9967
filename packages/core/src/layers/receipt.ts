import { AttemptError } from '../attempt/attempt-error.ts'
import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/**
 * Keeps the record of the call, and turns a failure into what the caller gets: the upstream's own words where
 * there are any, and otherwise the error that kept them away.
 */
export function receiptLayer(telemetry: Telemetry): (next: Handler) => Handler {
  return (next) =>
    async function receipt(exchange) {
      telemetry.emit('call', { receipt: exchange.receipt })
      try {
        const answer = await next(exchange)
        if (answer.body.kind === 'text') close(exchange, 'success', telemetry)
        else void answer.body.ended.then(({ outcome }) => close(exchange, outcome, telemetry))
        return answer
      } catch (error) {
        close(exchange, exchange.callerSignal?.aborted ? 'aborted' : 'failure', telemetry)
        return outcomeOf(error)
      }
    }
}

function outcomeOf(error: unknown): Answer {
  if (!(error instanceof AttemptError)) throw error
  if (error.answer) return error.answer
  throw error.cause
}

function close(exchange: Exchange, outcome: 'success' | 'failure' | 'aborted', telemetry: Telemetry): void {
  const { receipt, policy, asked, log } = exchange
  if (!receipt.close(outcome, policy.clock.now())) return
  telemetry.emit('end', { receipt })
  const failed = receipt.attempts.at(-1)?.failure
  const line =
    `${receipt.id}: ${receipt.operation} ${outcome} after ${receipt.attempts.length} attempt(s)` +
    (failed ? `, the last one: ${failed.code ?? failed.kind}` : '')
  // As the SDK does: whoever made the call is told by the error, and the log is for those who look.
  telemetry.shield('The logger threw', () => log(outcome === 'failure' ? 'info' : 'debug', line))
  telemetry.shield('onReceipt threw', () => asked.onReceipt?.(receipt))
}
