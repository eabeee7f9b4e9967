import type { CostStats } from '../reporting/cost-stats.ts'
import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { CallCost, TokenUsage } from '../reporting/receipt.ts'
import type { Plan } from '../targets/routes.ts'
import { OPENAI_URL } from '../targets/providers.ts'
import type { Price, Target } from '../reporting/target.ts'
import { PriceList } from './price-list.ts'
import { priceUsage } from './price-usage.ts'
import { ownTier, tierFactor } from './service-tier.ts'

/** What an answer used, as far as its price depends on it. */
export interface Used {
  readonly usage: TokenUsage
  /** The service tier that the answer names, in lower case. */
  readonly serviceTier?: string | undefined
  /** What the provider says it cost, in US dollars. */
  readonly reportedUsd?: number | undefined
}

/** One answer to be paid for. */
export interface Bill extends Used {
  readonly source: CallCost['usage']
  readonly servedBy: Target
  /** The first target of the call. */
  readonly firstTarget: Target | undefined
}

/** A call whose attempts may have been billed though they failed. */
interface FailedCall {
  readonly receipt: OpenReceipt
  readonly json: JsonBody | undefined
  readonly operation: Operation
}

type PricedUse = Pick<CallCost, 'usd' | 'price' | 'listedBy'>

/** The part of the usual price that the Batch API costs: https://platform.openai.com/docs/guides/batch, and others alike. */
const BATCH_PRICE = 0.5

/** Adds up what calls cost. Prices are the user's own, or else those of the list. */
export class Accounts {
  readonly list: PriceList
  #spentUsd = 0
  #possiblyBilledUsd = 0
  #savedByFallbackUsd = 0
  #savedByCacheUsd = 0
  #savedByBatchUsd = 0
  #unpricedCalls = 0

  readonly #onError: (error: unknown) => void

  /** @param onError called with what goes wrong when a call is booked after its end */
  constructor(list: PriceList, onError: (error: unknown) => void = () => undefined) {
    this.list = list
    this.#onError = onError
  }

  /** In US dollars; undefined when the price is unknown, or the list is not loaded yet. Always finite. */
  costOf(target: Target, used: Used): number | undefined {
    return this.#priced(target, used)?.usd
  }

  /** The user's own price, else what the provider reports itself, else the list. */
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
    // A router reports what it charges. One that always reports 0 says nothing.
    if (reportedUsd > 0) return { usd: reportedUsd, price: 'provider' }
    const listed = this.list.costOf(target, usage)
    if (!listed) return undefined
    const { listedBy, isOpenAI } = listed
    const usd = listed.usd * tierFactor(serviceTier, target.model ?? '', isOpenAI)
    return { usd, price: 'list', listedBy }
  }

  /** Books an answer: at once if its price is at hand, or else when the list has been loaded. */
  book(receipt: OpenReceipt, bill: Bill): void {
    this.#whenPriced(bill.servedBy, () => this.#book(receipt, bill))
  }

  /** Books what the failed attempts of a call may have cost. */
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

  /** Notes an answer that did not have to be paid for. */
  bookSaved(target: Target, used: Used): void {
    this.#whenPriced(target, () => (this.#savedByCacheUsd += this.costOf(target, used) ?? 0))
  }

  /**
   * Books an answer of a provider's Batch API.
   * @returns what it cost in US dollars; undefined when it is unknown
   */
  async bookBatched(target: Target, usage: TokenUsage): Promise<number | undefined> {
    if (!target.price && !this.list.loaded) await this.list.load()
    const alone = this.costOf(target, { usage })
    if (alone === undefined) {
      this.#unpricedCalls++
      return undefined
    }
    const own = target.price && ownTier(target.price, 'batch')
    const usd = own ? priceUsage(usage, own.price) * own.factor : alone * BATCH_PRICE
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
