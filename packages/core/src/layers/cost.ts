import { endpointUnpriced } from '../attempt/refusals.ts'
import type { Answer, Exchange, Handler, StreamEnd } from '../call/exchange.ts'
import { planOf } from '../routing/plan-of.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import type { Accounts } from '../cost/accounts.ts'
import { partsOf } from '../cost/shared-use.ts'
import type { Ledger } from '../cost/spend-limit.ts'
import { allowsUnpriced } from '../options/spend-limit-options.ts'
import type { Plan } from '../targets/plan.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { purseFor, type Money } from './reservation.ts'
import { withParams } from '../targets/variant.ts'
import { usageOfCall } from './usage-of-call.ts'

interface MoneyAndTelemetry extends Money {
  readonly telemetry: Telemetry
}

/**
 * Accounts for the cost of calls. Under a spend limit, it reserves the highest possible cost before the call. After the call, it records
 * the actual cost and releases the rest of the reservation.
 */
export function costLayer(
  accounts: Accounts,
  ledger: Ledger,
  telemetry: Telemetry,
): (next: Handler) => Handler {
  const money: MoneyAndTelemetry = { accounts, ledger, telemetry }
  return (next) => (exchange) => {
    const { operation, json, method, url } = exchange
    if (!operation.request.mayBeBilled(method, url)) return next(exchange)
    return operation.checksAnswers && json
      ? priced(exchange, next, money)
      : withoutPrice(exchange, next, accounts)
  }
}

async function priced(exchange: Exchange, next: Handler, money: MoneyAndTelemetry): Promise<Answer> {
  const { accounts, telemetry } = money
  const plan = planOf(exchange)
  const limits = exchange.policy.spendLimits
  const purse = exchange.purse ?? (limits && (await purseFor(exchange, plan, limits, money)))
  try {
    const answering = next(purse ? { ...exchange, purse } : exchange)
    // The price list is loaded while the provider works, so that no call waits for it, unless its answer comes first.
    const loading = accounts.loadPricesOf(plan.outage)
    const answer = await answering
    const { servedBy } = answer
    return await booked(answer, loading ?? (servedBy && accounts.loadPricesOf([servedBy])), (end) => {
      telemetry.shield(ACCOUNTING, () => book(exchange, plan, answer, end, accounts))
      purse?.close(servedBy, exchange.receipt.cost)
    })
  } catch (error) {
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
  const limits = exchange.policy.spendLimits
  if (limits && !allowsUnpriced(limits))
    throw endpointUnpriced(atFirstTarget(exchange, planOf(exchange).outage))
  const answer = await next(exchange)
  const { target, labels } = exchange.receipt
  accounts.bookUnpriced(answer.servedBy?.name ?? target, labels)
  return answer
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
    const { serviceTier, reportedUsd, modelUses } = receipt
    const { routes } = exchange.policy
    const parts = partsOf(modelUses, servedBy, (model) => routes.otherModelAt(servedBy, model, operation))
    const used = usageOfCall(exchange, servedBy, answer, end, accounts)
    const { usage, source } = used
    receipt.billedTokens = { count: usage.inputTokens + usage.outputTokens, source }
    const sent = json && withParams(servedBy, json, operation)
    const wantedTier = sent && operation.request.serviceTierOf(sent, exchange.headers)
    const firstTarget = plan.ladder?.standard ?? plan.outage[0]
    const facts = { serviceTier, wantedTier, reportedUsd, parts, servedBy, firstTarget }
    accounts.book(receipt, { ...used, ...facts })
  }
}

/**
 * Books an answer when it is over: a whole one before the caller gets it, a stream before its end is reported.
 * @param loading settles when the prices are known; undefined if they are known already
 */
async function booked(
  answer: Answer,
  loading: Promise<void> | undefined,
  over: (end: StreamEnd | undefined) => void,
): Promise<Answer> {
  const { body } = answer
  if (body.kind === 'text') {
    if (loading) await loading
    over(undefined)
    return answer
  }
  if (!loading) {
    void body.ended.then(over)
    return answer
  }
  const ended = body.ended.then(async (end) => {
    await loading
    over(end)
    return end
  })
  return { ...answer, body: { ...body, ended } }
}
