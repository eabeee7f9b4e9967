import { endpointUnpriced, spendLimitExceeded, priceUnknown } from '../attempt/refusals.ts'
import type { Answer, Exchange, Handler, StreamEnd } from '../call/exchange.ts'
import { estimateOf } from '../call/request-facts.ts'
import { planOf } from '../routing/plan-of.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import type { Accounts, Bill } from '../cost/accounts.ts'
import type { PricedUse } from '../cost/cost-of-use.ts'
import { Purse } from '../cost/purse.ts'
import type { SpendLedger } from '../cost/spend-limit.ts'
import type { SpendLimitOptions } from '../options/spend-limit-options.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Plan } from '../targets/routes.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Target } from '../reporting/target.ts'

interface Money {
  readonly accounts: Accounts
  readonly ledger: SpendLedger
  readonly telemetry: Telemetry
}

/**
 * Accounts for the cost of calls. Under a spend limit, it reserves the highest possible cost before the call. After the call, it records
 * the actual cost and releases the rest of the reservation.
 */
export function costLayer(
  accounts: Accounts,
  ledger: SpendLedger,
  telemetry: Telemetry,
): (next: Handler) => Handler {
  const money: Money = { accounts, ledger, telemetry }
  return (next) => (exchange) => {
    const { operation, json, method, url } = exchange
    if (!operation.request.mayBeBilled(method, url)) return next(exchange)
    return operation.judged && json ? priced(exchange, next, money) : withoutPrice(exchange, next, accounts)
  }
}

async function priced(exchange: Exchange, next: Handler, money: Money): Promise<Answer> {
  const { accounts, telemetry } = money
  const plan = planOf(exchange)
  const limit = exchange.policy.spendLimit
  const purse = limit ? await purseFor(exchange, plan, limit, money) : undefined
  try {
    const answer = await next(purse ? { ...exchange, purse } : exchange)
    whenOver(answer, (end) => {
      telemetry.shield(ACCOUNTING, () => book(exchange, plan, answer, end, accounts))
      purse?.close(answer.servedBy, exchange.receipt.cost)
    })
    return answer
  } catch (error) {
    telemetry.shield(ACCOUNTING, () => accounts.bookPossible(exchange, plan))
    purse?.close()
    throw error
  }
}

/** The text of the warning if accounting fails. Such an error fails neither the call nor the process. */
const ACCOUNTING = 'Accounting for a call failed'

/**
 * Makes a call to an endpoint without a known price that may cost money: images, audio, protocols that Harbor does not know.
 * @throws AttemptError 402 under a spend limit, unless the limit allows unpriced calls
 */
async function withoutPrice(exchange: Exchange, next: Handler, accounts: Accounts): Promise<Answer> {
  const limit = exchange.policy.spendLimit
  if (limit && limit.unpriced !== 'allow')
    throw endpointUnpriced(atFirstTarget(exchange, planOf(exchange).outage))
  const answer = await next(exchange)
  accounts.bookUnpriced()
  return answer
}

/**
 * Reserves the highest possible cost of a call.
 * @throws AttemptError 402 when less than this cost is left of the spend limit, or the price is unknown and the limit does not allow that
 */
async function purseFor(
  exchange: Exchange,
  plan: Plan,
  limit: SpendLimitOptions,
  { accounts, ledger }: Money,
): Promise<Purse> {
  const { outage, contextWindow, contentPolicy } = plan
  const targets = [...outage, ...contextWindow, ...contentPolicy]
  if (!accounts.list.loaded && targets.some(({ price }) => !price)) await accounts.list.load()
  const request = { operation: exchange.operation, json: exchange.json, estimate: estimateOf(exchange) }
  const costOf = (target: Target): PricedUse | undefined => accounts.highestCostOf(target, request)
  if (limit.unpriced !== 'allow') refuseUnpriced(exchange, outage, costOf)
  const usdOf = (target: Target): number => costOf(target)?.usd ?? 0
  // The reserved amount is that of the most expensive target, since any of them may take over.
  const estimateUsd = Math.max(0, ...outage.map(usdOf))
  const reserved = ledger.reserve(estimateUsd, limit)
  if ('settle' in reserved) return new Purse(reserved, { ledger, limit, costOf: usdOf })
  throw spendLimitExceeded(atFirstTarget(exchange, outage), estimateUsd, reserved)
}

/** @throws AttemptError 402 when the price of a target is unknown, or that of a tool that its provider may run for the request */
function refuseUnpriced(
  exchange: Exchange,
  targets: readonly Target[],
  costOf: (target: Target) => PricedUse | undefined,
): void {
  const unpriced = targets.find((target) => isIncomplete(costOf(target)))
  if (unpriced) throw priceUnknown(atFirstTarget(exchange, [unpriced]), costOf(unpriced)?.unpriced)
}

function isIncomplete(cost: PricedUse | undefined): boolean {
  return cost === undefined || cost.unpriced !== undefined
}

function book(
  exchange: Exchange,
  plan: Plan,
  answer: Answer,
  end: StreamEnd | undefined,
  accounts: Accounts,
): void {
  const { receipt, operation, json } = exchange
  const { servedBy } = answer
  if (servedBy) {
    const { serviceTier, reportedUsd } = receipt
    const used = usageOf(exchange, answer, end)
    const wantedTier = used.source === 'estimated' && json ? operation.request.serviceTierOf(json) : undefined
    const facts = { serviceTier, wantedTier, reportedUsd, servedBy, firstTarget: plan.outage[0] }
    accounts.book(receipt, { ...used, ...facts })
  }
  accounts.bookPossible(exchange, plan)
}

/**
 * Returns the usage of a call. If the provider reported it, adds an estimate of any content that came after the report. If not, estimates
 * the usage from the request and the answer.
 */
function usageOf(
  exchange: Exchange,
  { body }: Answer,
  end: StreamEnd | undefined,
): Pick<Bill, 'usage' | 'source' | 'isEstimate'> {
  const { usage } = exchange.receipt
  if (usage && !isEmptyUsage(usage)) {
    const unreported = end?.delivery?.unreportedTokens ?? 0
    // The counts of a stream that ended early may be those of its middle, while the provider has made and billed more.
    if (unreported === 0)
      return { usage, source: end && end.outcome !== 'success' ? 'estimated' : 'reported' }
    return { usage: { ...usage, outputTokens: usage.outputTokens + unreported }, source: 'estimated' }
  }
  const estimate = estimateOf(exchange)
  const json = body.kind === 'text' ? body.json : undefined
  const estimated = { source: 'estimated', isEstimate: true } as const
  if (json && exchange.operation.answer.isUnfinished(json)) return { usage: estimate, ...estimated }
  const outputTokens = json ? exchange.operation.tokens.answerTokens(json) : (end?.delivery?.tokens ?? 0)
  return { usage: { ...estimate, outputTokens }, ...estimated }
}

/** Whether a usage report contains no tokens. Servers that do not count tokens may report zeros. */
function isEmptyUsage({ inputTokens, outputTokens }: TokenUsage): boolean {
  return inputTokens === 0 && outputTokens === 0
}

function whenOver({ body }: Answer, over: (end: StreamEnd | undefined) => void): void {
  if (body.kind === 'text') over(undefined)
  else void body.ended.then(over)
}
