import type { Answer, Exchange, StreamEnd } from '../call/exchange.ts'
import { estimateOf } from '../call/request-facts.ts'
import type { Accounts, Bill } from '../cost/accounts.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'

/**
 * Returns the usage of a call. If the provider reported it, adds an estimate of any content that came after the report. If not, estimates
 * the usage from the request and the answer. An estimate includes the conversation that the provider has stored.
 */
export function usageOfCall(
  exchange: Exchange,
  servedBy: Target,
  { body }: Answer,
  end: StreamEnd | undefined,
  accounts: Accounts,
): Pick<Bill, 'usage' | 'source' | 'isEstimate'> {
  const { usage } = exchange.receipt
  const highest = () => accounts.highestUseOf(servedBy, { ...exchange, estimate: estimateOf(exchange) })
  if (usage && !isEmptyUsage(usage)) {
    const unreported = end?.delivery?.unreportedTokens ?? 0
    // The counts of a stream that ended early may be those of its middle, while the provider has made and billed more.
    if (unreported === 0)
      return {
        usage,
        source: end && (end.outcome !== 'success' || end.isEstimate) ? 'estimated' : 'reported',
      }
    const outputTokens = withinLimit(exchange, highest().usage, usage.outputTokens + unreported)
    return {
      usage: { ...usage, outputTokens: Math.max(usage.outputTokens, outputTokens) },
      source: 'estimated',
    }
  }
  const estimate = highest().usage
  const json = body.kind === 'text' ? body.json : undefined
  const estimated = { source: 'estimated', isEstimate: true } as const
  if (json && exchange.operation.answer.isUnfinished(json)) return { usage: estimate, ...estimated }
  const outputTokens = json ? exchange.operation.tokens.answerTokens(json) : (end?.delivery?.tokens ?? 0)
  return { usage: { ...estimate, outputTokens: withinLimit(exchange, estimate, outputTokens) }, ...estimated }
}

/** The factor by which an estimate of output may be too high. A larger excess shows that the provider ignored the limit of the request. */
const MAX_OVERESTIMATE = 3

/**
 * Reduces an estimate of output to the limit that the request sets, since an answer that keeps to it cannot have more tokens. Otherwise
 * many short answers together would cost more than was reserved for them.
 */
function withinLimit(
  { operation, json }: Exchange,
  { outputTokens: limit }: TokenUsage,
  outputTokens: number,
): number {
  if (!json || operation.tokens.outputLimitOf(json) === undefined) return outputTokens
  return outputTokens > MAX_OVERESTIMATE * limit ? outputTokens : Math.min(outputTokens, limit)
}

/** Whether a usage report contains no tokens. Servers that do not count tokens may report zeros. */
function isEmptyUsage({ inputTokens, outputTokens }: TokenUsage): boolean {
  return inputTokens === 0 && outputTokens === 0
}
