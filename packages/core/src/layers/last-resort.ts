import { untilAborted } from '@harbor/parts'
import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import { isOver } from '../call/exchange.ts'
import { lastResortAnswer } from '../call/last-resort-answer.ts'
import type { OperationName } from '../protocols/list.ts'
import type { LastResort } from '../options/options.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { isOutage } from '../attempt/next-step.ts'

/**
 * Calls the user's function `lastResort` when no target answered. If the function throws or returns undefined, the call fails in the usual
 * way.
 */
export function lastResortLayer(telemetry: Telemetry): (next: Handler) => Handler {
  return (next) =>
    function answerByLastResort(exchange) {
      const lastResort = exchange.perCall.lastResort ?? exchange.policy.lastResort
      const answer = next(exchange)
      return lastResort
        ? answer.catch((error: unknown) => instead(exchange, lastResort, error, telemetry))
        : answer
    }
}

async function instead(
  exchange: Exchange,
  lastResort: LastResort,
  error: unknown,
  telemetry: Telemetry,
): Promise<Answer> {
  const answer =
    isOver(exchange) || !isOutage(error) ? undefined : await callLastResort(exchange, lastResort, telemetry)
  if (!answer) throw error
  return answer
}

async function callLastResort(
  exchange: Exchange,
  lastResort: LastResort,
  telemetry: Telemetry,
): Promise<Answer | undefined> {
  const { receipt, operation, json, signal } = exchange
  try {
    const calling = async (): Promise<unknown> =>
      lastResort({ operation: operation.name as OperationName, request: json ?? {}, receipt })
    const value = await untilAborted(signal, calling())
    if (value === undefined) return undefined
    const answer = lastResortAnswer(exchange, value)
    receipt.degraded = true
    receipt.target = 'last resort'
    return answer
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    telemetry.warn('lastResort threw', thrown)
    return undefined
  }
}
