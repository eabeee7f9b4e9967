import { BoundedMap } from '../base/bounded-map.ts'
import type { CostStats } from '../reporting/cost-stats.ts'
import type { JsonBody } from '../base/json.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { CallCost, TokenUsage } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { Labels } from '../reporting/labels.ts'
import { addTokens } from '../reporting/cost-row.ts'
import type { CostCell, CostTable } from './cost-table.ts'
import { PriceList } from './price-list.ts'
import { costOfUse, highestUse, ratesOf } from './cost-of-use.ts'
import type { EstimatedRequest, Rates, Used } from './cost-of-use.ts'
import type { PricedUse } from './shared-use.ts'
import { highestPrice, priceUsage } from './price-usage.ts'
import { hasTier } from './service-tier.ts'
import { unpricedTools } from './tool-prices.ts'

/** An answer whose cost is to be recorded. */
export interface Bill extends Used {
  /** Says whether the provider reported the usage, or Harbor estimated it. */
  readonly source: CallCost['usage']
  readonly servedBy: Target
  /** The first target in the plan of the call, which is the requested one. The saving by a fallback is calculated against its price. */
  readonly firstTarget: Target | undefined
}

/** A call, one of whose failed attempts may have been billed. */
interface FailedCall {
  readonly receipt: OpenReceipt
  readonly json: JsonBody | undefined
  readonly headers: ReadonlyHeaders
  readonly operation: Operation
}

/**
 * The price of the Batch API as a fraction of the usual price: https://platform.openai.com/docs/guides/batch. Harbor assumes the same
 * discount at other providers.
 */
const BATCH_PRICE_FACTOR = 0.5
const BATCH = 'batch'

/** The number of answers whose tokens are remembered. */
const MAX_ANSWERS = 10_000

/** Adds up the cost of all calls. */
export class Accounts {
  readonly list: PriceList
  #spentUsd = 0
  #possiblyBilledUsd = 0
  #savedByFallbackUsd = 0
  #savedByCacheUsd = 0
  #savedByBatchUsd = 0
  #unpricedCalls = 0
  /** The input and output tokens of the last answers, by the ids of the provider. A request that goes on with an answer has them as input. */
  readonly #answerTokens = new BoundedMap<string, number>(MAX_ANSWERS)

  /** The same money by target and labels. */
  readonly table: CostTable
  readonly #onError: (error: unknown) => void
  readonly #onIncomplete: (target: Target, unpriced: readonly string[]) => void

  /**
   * @param table where the costs are counted by target and labels
   * @param onError called if recording a cost fails after it had to wait until the price list was loaded
   * @param onIncomplete called for each answer whose cost is incomplete, with the names of the tools whose price is unknown
   */
  constructor(
    list: PriceList,
    table: CostTable,
    onError: (error: unknown) => void = () => undefined,
    onIncomplete: (target: Target, unpriced: readonly string[]) => void = () => undefined,
  ) {
    this.list = list
    this.table = table
    this.#onError = onError
    this.#onIncomplete = onIncomplete
  }

  /**
   * Returns the cost of an answer from `target`, in US dollars. It is always a finite number. Undefined if the price is unknown, or the
   * price list is not loaded yet.
   */
  costOf(target: Target, used: Used): number | undefined {
    return costOfUse(this.list, target, used)?.usd
  }

  /**
   * Returns the highest possible cost of a request to `target`. It is incomplete if the provider may run a tool whose price is unknown.
   * Undefined if the price is unknown, or the price list is not loaded yet.
   */
  highestCostOf(target: Target, request: EstimatedRequest): PricedUse | undefined {
    return costOfUse(this.list, target, this.highestUseOf(target, request))
  }

  /** Returns what a request may use at most at `target`, with the conversation that the provider has stored. */
  highestUseOf(target: Target, request: EstimatedRequest): Used {
    return highestUse(request, target, (id) => this.#answerTokens.get(id))
  }

  /**
   * Returns the highest possible cost of a request at the price of a service tier, whatever tier the request names.
   * @param tier as in `Receipt.serviceTier`, or `batch`
   * @returns undefined if the price is unknown or incomplete, or the price list is not loaded yet
   */
  highestCostAt(target: Target, request: EstimatedRequest, tier: string | undefined): number | undefined {
    const { usage } = this.highestUseOf(target, request)
    const rates = this.#ratesAt(target, usage, tier)
    if (!rates || unpricedTools(usage.serverToolUses, rates.price.perServerToolUse, rates.tools))
      return undefined
    return highestPrice(usage, rates.price, rates.factor, rates.tools)
  }

  /**
   * Loads the price list, if one of these targets needs it.
   * @returns a promise that resolves when it is loaded; undefined if no target needs it, or it is loaded already
   */
  loadPricesOf(targets: readonly Target[]): Promise<void> | undefined {
    return this.list.loaded || targets.every(({ price }) => price) ? undefined : this.list.load()
  }

  /** Records the cost of an answer. If that needs the price list and it is not loaded yet, records the cost once the list is loaded. */
  book(receipt: OpenReceipt, bill: Bill): void {
    const targets = [bill.servedBy, ...(bill.parts ?? []).map(({ target }) => target)]
    this.#whenPriced(targets, () => this.#book(receipt, bill))
  }

  /**
   * Records the highest possible cost of a failed attempt that may have been billed. This sum is separate from the money spent.
   * @param target the target that was called
   */
  bookPossible({ receipt, json, headers, operation }: FailedCall, target: Target): void {
    if (!json) return
    const request = { operation, json, headers, estimate: operation.tokens.estimate(json) }
    const { usage } = this.highestUseOf(target, request)
    receipt.possiblyBilledTokens += usage.inputTokens + usage.outputTokens
    this.#whenPriced([target], () => {
      const usd = this.highestCostOf(target, request)?.usd ?? 0
      this.#possiblyBilledUsd += usd
      receipt.possiblyBilledUsd += usd
      this.#share(receipt, target.name, (cell, share) => (cell.possiblyBilledUsd += usd * share))
    })
  }

  /** Counts a call that has ended. The name of its target is that of the receipt. */
  countCall({ target, labels, isPrefetch }: OpenReceipt): void {
    if (!isPrefetch) this.table.cellOf(target, labels).calls++
  }

  /** Counts an answer whose price is unknown. */
  bookUnpriced(target: string, labels: Labels): void {
    this.#unpricedCalls++
    this.table.cellOf(target, labels).unpricedCalls++
  }

  /** Records a saved cost: that of an answer from the cache, or of an answer that a call shared with an identical call. */
  bookSaved(target: Target, used: Used, receipt: OpenReceipt): void {
    this.#whenPriced([target], () => {
      const usd = this.costOf(target, used) ?? 0
      this.#savedByCacheUsd += usd
      receipt.savedUsd = usd
      this.table.cellOf(target.name, receipt.labels).savedUsd.cache += usd
    })
  }

  /**
   * Records the cost of an answer from a provider's Batch API.
   * @returns the cost in US dollars; undefined if the price is unknown
   */
  async bookBatched(target: Target, usage: TokenUsage, labels: Labels): Promise<number | undefined> {
    if (!target.price && !this.list.loaded) await this.list.load()
    const cell = this.table.cellOf(target.name, labels)
    addTokens(cell.tokens, usage)
    const usual = this.#ratesAt(target, usage, undefined)
    const batch = this.#ratesAt(target, usage, BATCH)
    if (!usual || !batch) {
      this.bookUnpriced(target.name, labels)
      return undefined
    }
    const { price, factor, tools } = batch
    const alone = priceUsage(usage, usual.price, usual.factor, tools)
    const usd = priceUsage(usage, price, factor, tools)
    this.#noteIncomplete(target, unpricedTools(usage.serverToolUses, price.perServerToolUse, tools), labels)
    this.#spentUsd += usd
    this.#savedByBatchUsd += alone - usd
    cell.spentUsd += usd
    cell.savedUsd.batch += alone - usd
    return usd
  }

  /**
   * Replaces the estimated cost of a response that was created in the background by its real cost.
   * @param estimatedUsd the cost that was recorded when the response was created
   * @returns the cost in US dollars; undefined if the price is unknown
   */
  bookFinished(target: Target, used: Used, estimatedUsd: number, labels: Labels): number | undefined {
    const usd = this.costOf(target, used)
    if (usd === undefined) return undefined
    this.#spentUsd += usd - estimatedUsd
    this.table.cellOf(target.name, labels).spentUsd += usd - estimatedUsd
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

  /** Returns the price at a service tier. The discount of the Batch API applies at every provider without a price of its own for it. */
  #ratesAt(target: Target, { inputTokens }: TokenUsage, tier: string | undefined): Rates | undefined {
    if (tier !== BATCH || hasTier(target.price, BATCH)) return ratesOf(this.list, target, inputTokens, tier)
    const usual = ratesOf(this.list, target, inputTokens, undefined)
    return usual && { ...usual, factor: usual.factor * BATCH_PRICE_FACTOR }
  }

  #whenPriced(targets: readonly Target[], work: () => void): void {
    const loading = this.loadPricesOf(targets)
    if (loading) loading.then(work).catch(this.#onError)
    else work()
  }

  #noteIncomplete(target: Target, unpriced: readonly string[] | undefined, labels: Labels): void {
    if (!unpriced) return
    this.bookUnpriced(target.name, labels)
    this.#onIncomplete(target, unpriced)
  }

  #book(receipt: OpenReceipt, { source, servedBy, firstTarget, ...used }: Bill): void {
    const { name } = servedBy
    const { inputTokens, outputTokens } = used.usage
    if (receipt.responseId !== undefined)
      this.#answerTokens.set(receipt.responseId, inputTokens + outputTokens)
    const labels = receipt.payers?.labels[0] ?? receipt.labels
    const priced = costOfUse(this.list, servedBy, used)
    if (!priced) {
      this.bookUnpriced(name, labels)
      this.#share(receipt, name, (cell, _share, usage) => addTokens(cell.tokens, usage), used.usage)
      return
    }
    this.#noteIncomplete(servedBy, priced.unpriced, labels)
    receipt.billed({ ...priced, usage: priced.price === 'provider' ? 'reported' : source })
    const { usd } = priced
    const savedUsd = this.#savedByFallback(usd, firstTarget, servedBy, used)
    this.#spentUsd += usd
    this.#savedByFallbackUsd += savedUsd
    this.#share(
      receipt,
      name,
      (cell, share, usage) => {
        addTokens(cell.tokens, usage)
        cell.spentUsd += usd * share
        cell.savedUsd.fallback += savedUsd * share
      },
      used.usage,
    )
  }

  /** Returns what an answer cost less than it would have cost at the requested target. */
  #savedByFallback(usd: number, firstTarget: Target | undefined, servedBy: Target, used: Used): number {
    if (!firstTarget || firstTarget.name === servedBy.name) return 0
    const otherwise = this.costOf(firstTarget, { usage: used.usage, isEstimate: used.isEstimate })
    return otherwise === undefined ? 0 : otherwise - usd
  }

  /** Adds a cost at a target to the cells of the calls that share it. */
  #share(
    { labels, payers }: OpenReceipt,
    target: string,
    add: (cell: CostCell, share: number, usage: TokenUsage | undefined) => void,
    usage?: TokenUsage,
  ): void {
    if (!payers) {
      add(this.table.cellOf(target, labels), 1, usage)
      return
    }
    const shares = usage && payers.tokensOf(usage)
    for (const [place, each] of payers.labels.entries())
      add(this.table.cellOf(target, each), payers.shareOf(place), shares?.[place])
  }
}
