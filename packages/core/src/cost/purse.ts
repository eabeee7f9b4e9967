import type { Target } from '../reporting/target.ts'
import type { Reservation, SpendLedger, SpendRefusal } from './spend-limit.ts'
import type { SpendLimitOptions } from '../options/spend-limit-options.ts'

/**
 * The money reserved for one call under a spend limit. Each attempt draws its own share, so that the limit also covers hedges and
 * retries:
 *
 *     drawn ──refused, or not sent──▶ back in the purse, for the next attempt
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
   * @param first the reservation that was made before the first attempt
   * @param costOf the highest possible cost of an attempt at a target, in US dollars
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
   * Reserves the highest possible cost of an attempt at this target. If an earlier attempt has left its reservation unused, uses that one
   * first.
   * @returns the share of the attempt, or a refusal if too little of the limit is left
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
   * Ends the call and settles its reservations.
   * @param servedBy the target whose answer the caller got; undefined if there was no answer
   * @param usd the cost of that answer; undefined if it is unknown, in which case its full reservation counts as spent
   */
  close(servedBy?: Target, usd?: number): void {
    this.#isClosed = true
    this.#unused?.settle(0)
    const served = this.#answered.findLast(({ target }) => target.name === servedBy?.name)
    for (const each of this.#answered.splice(0)) {
      // Answers that the caller did not get were billed as well.
      const { reservation, target } = each
      reservation.settle(each === served && usd !== undefined ? usd : this.#costOf(target))
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

/** The money reserved for one attempt. Exactly one of the methods is called when the attempt is over. */
export interface Share {
  /** Reports that the attempt was answered. Its cost is settled when the call is over. */
  answered(): void
  /** Reports that the attempt may have been billed. Its reservation counts as spent. */
  keep(): void
  /** Reports that nothing was sent, or that the provider refused. The next attempt can use the reservation. */
  giveBack(): void
}
