import type { CostStats } from '../reporting/cost-stats.ts'
import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { CallCost, TokenUsage } from '../reporting/receipt.ts'
import type { Plan } from '../targets/routes.ts'
import { OPENAI_URL } from '../targets/providers.ts'
import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'
import { PriceList } from './price-list.ts'
import { priceUsage } from './price-usage.ts'
import { ownTier, tierFactor } from './service-tier.ts'

/** The facts about an answer on which its price depends. */
export interface Used {
  readonly usage: TokenUsage
  /** The service tier that the answer names, in lower case. */
  readonly serviceTier?: string | undefined
  /** The cost that the provider reported, in US dollars. */
  readonly reportedUsd?: number | undefined
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

/**
 * The price of the Batch API as a fraction of the usual price: https://platform.openai.com/docs/guides/batch. Other providers have the same
 * discount.
 */
const BATCH_PRICE_FACTOR = 0.5

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

  /** The cost and the source of the price: the user's own price, else the cost reported by the provider, else the price list. */
  #priced(target: Target, used: Used): PricedUse | undefined {
    const { price } = target
    const priced = price
      ? { usd: this.#ownCost(price, target, used), price: 'own' as const }
      : this.#foundCost(target, used)
    return priced && Number.isFinite(priced.usd) && priced.usd >= 0 ? priced : undefined
  }

  #ownCost(own: Price, { model = '', baseURL }: Target, { usage, serviceTier }: Used): number {
    const { price, factor } = ownTier(own, serviceTier) ?? {
      price: own,
      factor: tierFactor(serviceTier, model, baseURL === OPENAI_URL),
    }
    return priceUsage(usage, price) * factor
  }

  #foundCost(target: Target, { usage, serviceTier, reportedUsd = 0 }: Used): PricedUse | undefined {
    // A router reports the cost that it charges. Some routers always report 0, which is ignored.
    if (reportedUsd > 0) return { usd: reportedUsd, price: 'provider' }
    const listed = this.list.costOf(target, usage)
    if (!listed) return undefined
    const { listedBy, isOpenAI } = listed
    const usd = listed.usd * tierFactor(serviceTier, target.model ?? '', isOpenAI)
    return { usd, price: 'list', listedBy }
  }

  /** Books the cost of an answer: now if the price is known, or when the price list is loaded. */
  book(receipt: OpenReceipt, bill: Bill): void {
    this.#whenPriced(bill.servedBy, () => this.#book(receipt, bill))
  }

  /** Books the estimated cost of failed attempts that may have been billed. */
  bookPossible({ receipt, json, operation }: FailedCall, plan: Plan): void {
    if (receipt.possiblyBilled === 0 || !json) return
    const targets = [...plan.outage, ...plan.contextWindow, ...plan.contentPolicy]
    for (const { failure, target: name } of receipt.attempts) {
      const target = failure?.ambiguous ? targets.find((each) => each.name === name) : undefined
      if (target) this.#whenPriced(target, () => this.#addPossible(target, operation.tokens.estimate(json)))
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
    const alone = this.costOf(target, { usage })
    if (alone === undefined) {
      this.#unpricedCalls++
      return undefined
    }
    const own = target.price && ownTier(target.price, 'batch')
    const usd = own ? priceUsage(usage, own.price) * own.factor : alone * BATCH_PRICE_FACTOR
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

  #addPossible(target: Target, usage: TokenUsage): void {
    this.#possiblyBilledUsd += this.costOf(target, { usage }) ?? 0
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
    const otherwise = this.costOf(firstTarget, { usage: used.usage })
    if (otherwise !== undefined) this.#savedByFallbackUsd += otherwise - priced.usd
  }
}
