import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import { isOver } from '../call/exchange.ts'
import { lastResortAnswer } from '../call/last-resort-answer.ts'
import { unlessAborted } from '../call/unless-aborted.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { isOutage } from '../verdict.ts'

/** When nobody answers, the client's own last resort may. What it throws, and `undefined`, let the failure stand. */
export function lastResortLayer(telemetry: Telemetry): (next: Handler) => Handler {
  return (next) =>
    async function lastResort(exchange) {
      try {
        return await next(exchange)
      } catch (error) {
        if (isOver(exchange) || !isOutage(error)) throw error
        const answer = await ask(exchange, telemetry)
        if (!answer) throw error
        return answer
      }
    }
}

async function ask(exchange: Exchange, telemetry: Telemetry): Promise<Answer | undefined> {
  const { policy, asked, receipt, operation, json, signal } = exchange
  const lastResort = asked.lastResort ?? policy.lastResort
  if (!lastResort) return undefined
  try {
    const asking = async (): Promise<unknown> =>
      lastResort({ operation: operation.name, request: json ?? {}, receipt })
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
