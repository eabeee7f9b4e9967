import { isOver, type Answer, type Exchange, type Handler } from '../call/exchange.ts'
import { lastResortAnswer } from '../call/last-resort-answer.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import type { OperationName } from '../protocols/list.ts'
import type { LastResort } from '../options/options.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { isOutage } from '../attempt/next-step.ts'

/** When nobody answers, the client's own last resort may. What it throws, and `undefined`, let the failure stand. */
export function lastResortLayer(telemetry: Telemetry): (next: Handler) => Handler {
  return (next) =>
    function lastResort(exchange) {
      const ask = exchange.perCall.lastResort ?? exchange.policy.lastResort
      const answer = next(exchange)
      return ask ? answer.catch((error: unknown) => instead(exchange, ask, error, telemetry)) : answer
    }
}

async function instead(
  exchange: Exchange,
  lastResort: LastResort,
  error: unknown,
  telemetry: Telemetry,
): Promise<Answer> {
  const answer = isOver(exchange) || !isOutage(error) ? undefined : await ask(exchange, lastResort, telemetry)
  if (!answer) throw error
  return answer
}

async function ask(
  exchange: Exchange,
  lastResort: LastResort,
  telemetry: Telemetry,
): Promise<Answer | undefined> {
  const { receipt, operation, json, signal } = exchange
  try {
    const asking = async (): Promise<unknown> =>
      lastResort({ operation: operation.name as OperationName, request: json ?? {}, receipt })
    const value = await unlessAborted(signal, asking())
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
