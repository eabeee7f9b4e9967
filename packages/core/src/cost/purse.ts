import type { Target } from '../reporting/target.ts'
import type { Reservation, SpendLedger, SpendRefusal } from './spend-limit.ts'
import type { SpendLimitOptions } from '../options/spend-limit-options.ts'

/**
 * The money set aside for one call under a spend limit. Each attempt that is sent draws a share of its own, so that hedges and second
 * attempts are paid for, too:
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
  #idle: Reservation | undefined
  #isClosed = false

  /**
   * @param first set aside before the first attempt
   * @param costOf at most what a call costs at a target, in US dollars
   */
  constructor(
    first: Reservation,
    {
      ledger,
      limit,
      costOf,
    }: { ledger: SpendLedger; limit: SpendLimitOptions; costOf: (target: Target) => number },
  ) {
    this.#idle = first
    this.#ledger = ledger
    this.#limit = limit
    this.#costOf = costOf
  }

  /** Draws what an attempt at this target may cost; what lies idle is used first. */
  draw(target: Target): Share | (SpendRefusal & { readonly estimateUsd: number }) {
    const estimateUsd = this.#costOf(target)
    const idle = this.#idle
    this.#idle = undefined
    if (idle && idle.usd >= estimateUsd) return this.#share(target, idle, estimateUsd)
    idle?.settle(0)
    const reserved = this.#ledger.reserve(estimateUsd, this.#limit)
    return 'settle' in reserved ? this.#share(target, reserved, estimateUsd) : { ...reserved, estimateUsd }
  }

  /**
   * The call is over.
   * @param servedBy whose answer the caller got; undefined when there is none
   * @param usd what it cost; undefined when that is not known, and then all that was reserved for it counts as spent
   */
  close(servedBy?: Target, usd?: number): void {
    this.#isClosed = true
    this.#idle?.settle(0)
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
        if (this.#idle || this.#isClosed) reservation.settle(0)
        else this.#idle = reservation
      },
    }
  }
}

/** What one attempt has drawn. */
export interface Share {
  /** An answer came. */
  answered(): void
  /** The attempt may have been billed. */
  keep(): void
  /** Nothing was sent, or the provider refused. */
  giveBack(): void
}
