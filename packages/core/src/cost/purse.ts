import type { CallCost } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { Reservation, SpendLedger, SpendRefusal } from './spend-limit.ts'
import type { SpendLimitOptions } from '../options/spend-limit-options.ts'

/**
 * The money reserved for one call under a spend limit. Each attempt takes its own share of it, so that the limit also covers hedges and
 * retries:
 *
 *     taken ──refused, or not sent──▶ back in the purse, for the next attempt
 *       ├──may have been billed─────▶ counted as spent
 *       └──answered─────────────────▶ settled when the call is over
 */
export class Purse {
  readonly #ledger: SpendLedger
  readonly #limit: SpendLimitOptions
  readonly #costOf: (target: Target) => number
  readonly #answered: { readonly target: Target; readonly reservation: Reservation }[] = []
  #unused: Reservation | undefined
  #isClosed = false

  /**
   * @param first the money that was reserved before the first attempt
   * @param costOf returns the highest possible cost of an attempt at a target, in US dollars
   */
  constructor(
    first: Reservation,
    {
      ledger,
      limit,
      costOf,
    }: { ledger: SpendLedger; limit: SpendLimitOptions; costOf: (target: Target) => number },
  ) {
    this.#unused = first
    this.#ledger = ledger
    this.#limit = limit
    this.#costOf = costOf
  }

  /**
   * Reserves the highest possible cost of an attempt at this target. Uses the reservation of an earlier attempt if it was given back and is
   * large enough.
   * @returns the money for the attempt, or a refusal if too little of the limit is left
   */
  draw(target: Target): Share | (SpendRefusal & { readonly estimateUsd: number }) {
    const estimateUsd = this.#costOf(target)
    const unused = this.#unused
    this.#unused = undefined
    if (unused && unused.usd >= estimateUsd) return this.#share(target, unused, estimateUsd)
    unused?.settle(0)
    const reserved = this.#ledger.reserve(estimateUsd, this.#limit)
    return 'settle' in reserved ? this.#share(target, reserved, estimateUsd) : { ...reserved, estimateUsd }
  }

  /**
   * Settles all reservations of the call at its end.
   * @param servedBy the target whose answer the caller got; undefined if there was no answer
   * @param cost the cost of that answer. If it is undefined, since the cost is unknown, the full reservation counts as spent. If a part of
   * it is unknown, the larger one of the known part and the reservation counts, unless the limit allows calls without a known price
   */
  close(servedBy?: Target, cost?: Pick<CallCost, 'usd' | 'unpriced'>): void {
    this.#isClosed = true
    this.#unused?.settle(0)
    const isKnown = cost !== undefined && (!cost.unpriced || this.#limit.unpriced === 'allow')
    const served = this.#answered.findLast(({ target }) => target.name === servedBy?.name)
    for (const each of this.#answered.splice(0)) {
      // Answers that the caller did not get were billed as well.
      const { reservation, target } = each
      const highest = this.#costOf(target)
      if (each !== served || !cost) reservation.settle(highest)
      else reservation.settle(isKnown ? cost.usd : Math.max(cost.usd, highest))
    }
  }

  #share(target: Target, reservation: Reservation, estimateUsd: number): Share {
    return {
      answered: () => {
        if (this.#isClosed) reservation.settle(estimateUsd)
        else this.#answered.push({ target, reservation })
      },
      keep: () => reservation.settle(estimateUsd),
      giveBack: () => {
        if (this.#unused || this.#isClosed) reservation.settle(0)
        else this.#unused = reservation
      },
    }
  }
}

/** The money reserved for one attempt. When the attempt is over, exactly one of the methods is called. */
export interface Share {
  /** Reports that the attempt was answered. Its cost is settled when the call is over. */
  answered(): void
  /** Reports that the attempt may have been billed. Its reservation counts as spent. */
  keep(): void
  /** Reports that nothing was sent, or that the provider refused the request. The next attempt of the call can use the reservation. */
  giveBack(): void
}
