import type { CostStats } from '../reporting/cost-stats.ts'
import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { CallCost, TokenUsage } from '../reporting/receipt.ts'
import type { Plan } from '../targets/routes.ts'
import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'
import { PriceList } from './price-list.ts'
import { highestPrice, priceUsage } from './price-usage.ts'
import { atTier, hasTier, vendorOf } from './service-tier.ts'

/** The facts about an answer on which its price depends. */
export interface Used {
  readonly usage: TokenUsage
  /** The service tier that the answer names, in lower case. */
  readonly serviceTier?: string | undefined
  /** The cost that the provider reported, in US dollars. */
  readonly reportedUsd?: number | undefined
  /**
   * The service tier that the request asks for, if the answer names none. It counts only if it is more expensive than the usual one, since
   * the provider may serve the request without it.
   */
  readonly wantedTier?: string | undefined
  /** Whether the usage is an estimate, whose classes are upper bounds. @default false */
  readonly isEstimate?: boolean | undefined
}

/** An answer whose cost is to be booked. */
export interface Bill extends Used {
  /** Whether the provider reported the usage, or it is estimated. */
  readonly source: CallCost['usage']
  readonly servedBy: Target
  /** The first target of the plan: the requested one. */
  readonly firstTarget: Target | undefined
}

/** A call with failed attempts that may have been billed. */
interface FailedCall {
  readonly receipt: OpenReceipt
  readonly json: JsonBody | undefined
  readonly operation: Operation
}

type PricedUse = Pick<CallCost, 'usd' | 'price' | 'listedBy'>

/** A price, a factor by which the cost of the tokens is multiplied, and where the price is from. */
interface Rates {
  readonly price: Price
  readonly factor: number
  readonly source: Omit<PricedUse, 'usd'>
}

/**
 * The price of the Batch API as a fraction of the usual price: https://platform.openai.com/docs/guides/batch. Other providers have the same
 * discount.
 */
const BATCH_PRICE_FACTOR = 0.5
const BATCH = 'batch'

/** Adds up the cost of calls. */
export class Accounts {
  readonly list: PriceList
  #spentUsd = 0
  #possiblyBilledUsd = 0
  #savedByFallbackUsd = 0
  #savedByCacheUsd = 0
  #savedByBatchUsd = 0
  #unpricedCalls = 0

  readonly #onError: (error: unknown) => void

  /** @param onError called with errors of bookings that had to wait until the price list was loaded */
  constructor(list: PriceList, onError: (error: unknown) => void = () => undefined) {
    this.list = list
    this.#onError = onError
  }

  /**
   * The cost of an answer from `target`, in US dollars; always finite. Undefined if the price is unknown, or the list is not loaded yet.
   */
  costOf(target: Target, used: Used): number | undefined {
    return this.#priced(target, used)?.usd
  }

  /**
   * The highest cost of a request to `target`, in US dollars. Undefined if the price is unknown, or the list is not loaded yet.
   * @param usage an estimate, whose classes are upper bounds
   * @param wantedTier the service tier that the request asks for
   */
  highestCostOf(target: Target, usage: TokenUsage, wantedTier: string | undefined): number | undefined {
    return this.costOf(target, { usage, wantedTier, isEstimate: true })
  }

  /** The cost and the source of the price: the user's own price, else the cost reported by the provider, else the price list. */
  #priced(target: Target, used: Used): PricedUse | undefined {
    const { serviceTier, wantedTier, reportedUsd = 0 } = used
    // A router reports the cost that it charges. Some routers always report 0, which is ignored.
    if (!target.price && reportedUsd > 0) return { usd: reportedUsd, price: 'provider' }
    const usual = this.#pricedAt(serviceTier, target, used)
    if (!usual || serviceTier !== undefined || wantedTier === undefined) return usual
    const wanted = this.#pricedAt(wantedTier, target, used)
    return wanted && wanted.usd > usual.usd ? wanted : usual
  }

  #pricedAt(
    serviceTier: string | undefined,
    target: Target,
    { usage, isEstimate }: Used,
  ): PricedUse | undefined {
    const rates = this.#ratesOf(target, usage.inputTokens, serviceTier)
    if (!rates) return undefined
    const { price, factor, source } = rates
    const usd = isEstimate ? highestPrice(usage, price, factor) : priceUsage(usage, price, factor)
    return Number.isFinite(usd) && usd >= 0 ? { usd, ...source } : undefined
  }

  /** The price of a request to `target`: the user's own price, or that of the price list. */
  #ratesOf(target: Target, inputTokens: number, serviceTier: string | undefined): Rates | undefined {
    const { price: own, model = '' } = target
    if (own) {
      const context = { vendor: vendorOf(target), model }
      return { ...atTier(own, serviceTier, context), source: { price: 'own' } }
    }
    const listed = this.list.priceOf(target, inputTokens)
    if (!listed) return undefined
    const { price, factor } = atTier(listed.price, serviceTier, { vendor: listed.vendor, model })
    return { price, factor: factor * listed.factor, source: { price: 'list', listedBy: listed.listedBy } }
  }

  /** Books the cost of an answer: now if the price is known, or when the price list is loaded. */
  book(receipt: OpenReceipt, bill: Bill): void {
    this.#whenPriced(bill.servedBy, () => this.#book(receipt, bill))
  }

  /** Books the estimated cost of failed attempts that may have been billed. */
  bookPossible({ receipt, json, operation }: FailedCall, plan: Plan): void {
    if (receipt.possiblyBilled === 0 || !json) return
    const wantedTier = operation.request.serviceTierOf(json)
    const targets = [...plan.outage, ...plan.contextWindow, ...plan.contentPolicy]
    for (const { failure, target: name } of receipt.attempts) {
      const target = failure?.ambiguous ? targets.find((each) => each.name === name) : undefined
      if (!target) continue
      this.#whenPriced(target, () => {
        this.#possiblyBilledUsd +=
          this.highestCostOf(target, operation.tokens.estimate(json), wantedTier) ?? 0
      })
    }
  }

  /** Counts an answer whose price is unknown. */
  bookUnpriced(): void {
    this.#unpricedCalls++
  }

  /** Books the cost that was saved by an answer from the cache, or by an answer that was shared with another call. */
  bookSaved(target: Target, used: Used): void {
    this.#whenPriced(target, () => (this.#savedByCacheUsd += this.costOf(target, used) ?? 0))
  }

  /**
   * Books an answer of a provider's Batch API.
   * @returns the cost in US dollars; undefined if the price is unknown
   */
  async bookBatched(target: Target, usage: TokenUsage): Promise<number | undefined> {
    if (!target.price && !this.list.loaded) await this.list.load()
    const usual = this.#ratesOf(target, usage.inputTokens, undefined)
    if (!usual) {
      this.#unpricedCalls++
      return undefined
    }
    const batch = hasTier(target.price, BATCH) ? this.#ratesOf(target, usage.inputTokens, BATCH) : undefined
    const { price, factor } = batch ?? { ...usual, factor: usual.factor * BATCH_PRICE_FACTOR }
    const alone = priceUsage(usage, usual.price, usual.factor)
    const usd = priceUsage(usage, price, factor)
    this.#spentUsd += usd
    this.#savedByBatchUsd += alone - usd
    return usd
  }

  read(): CostStats {
    return {
      spentUsd: this.#spentUsd,
      possiblyBilledUsd: this.#possiblyBilledUsd,
      savedByFallbackUsd: this.#savedByFallbackUsd,
      savedByCacheUsd: this.#savedByCacheUsd,
      savedByBatchUsd: this.#savedByBatchUsd,
      unpricedCalls: this.#unpricedCalls,
    }
  }

  #whenPriced(target: Target, work: () => void): void {
    if (target.price || this.list.loaded) work()
    else this.list.load().then(work).catch(this.#onError)
  }

  #book(receipt: OpenReceipt, { source, servedBy, firstTarget, ...used }: Bill): void {
    const priced = this.#priced(servedBy, used)
    if (!priced) {
      this.#unpricedCalls++
      return
    }
    receipt.billed({ ...priced, usage: priced.price === 'provider' ? 'reported' : source })
    this.#spentUsd += priced.usd
    if (!firstTarget || firstTarget.name === servedBy.name) return
    const otherwise = this.costOf(firstTarget, { usage: used.usage, isEstimate: used.isEstimate })
    if (otherwise !== undefined) this.#savedByFallbackUsd += otherwise - priced.usd
  }
}
