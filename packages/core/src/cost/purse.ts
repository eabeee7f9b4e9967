import type { CallCost } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import { allowsUnpriced, type SpendLimit } from '../options/spend-limit-options.ts'
import type { Labels } from '../reporting/labels.ts'
import type { Ledger, PendingReservation, Reservation, SpendRefusal } from './spend-limit.ts'

/** The money that pays for the attempts of a call, or of a request that serves several calls. */
export interface Payer {
  /**
   * Reserves the highest possible cost of an attempt at this target.
   * @param wait waits for a reservation that other processes take part in; it rejects when the call ends
   * @returns the money for the attempt, or a refusal if too little of a limit is left; a promise if that has to be waited for
   */
  draw(target: Target, wait: MoneyWait): Drawn | Promise<Drawn>
  /**
   * Settles all reservations at the end. If the cost is unknown, the full reservation counts as spent. If a part of it is unknown, the
   * larger one of the known part and the reservation counts, unless the limits allow calls without a known price.
   * @param servedBy the target whose answer the caller got; undefined if there was no answer
   * @param cost the cost of that answer; undefined if it is unknown
   */
  close(servedBy?: Target, cost?: KnownCost): void
}

/** The money for an attempt, or a refusal. */
export type Drawn = Share | DrawRefusal
/** Waits until a reservation is made or refused. */
export type MoneyWait = (pending: PendingReservation) => Promise<Reservation | SpendRefusal>
export type DrawRefusal = SpendRefusal & { readonly estimateUsd: number }
export type KnownCost = Pick<CallCost, 'usd' | 'unpriced'>

/** The money reserved for one attempt. When the attempt is over, exactly one of the methods is called. */
export interface Share {
  /** Reports that the attempt was answered. Its cost is settled when the call is over. */
  answered(): void
  /** Reports that the attempt may have been billed. Its reservation counts as spent. */
  keep(): void
  /** Reports that nothing was sent, or that the provider refused the request. The next attempt of the call can use the reservation. */
  giveBack(): void
}

interface PurseOptions {
  readonly ledger: Ledger
  readonly limits: readonly SpendLimit[]
  /** The labels of the call. They say whose money it spends. */
  readonly labels: Labels
  /** Returns the highest possible cost of an attempt at a target, in US dollars. */
  readonly costOf: (target: Target) => number
}

/**
 * The money reserved for one call under its spend limits. Each attempt takes its own share of it, so that the limits also cover hedges and
 * retries:
 *
 *     taken ──refused, or not sent──▶ back in the purse, for the next attempt
 *       ├──may have been billed─────▶ counted as spent
 *       └──answered─────────────────▶ settled when the call is over
 */
export class Purse implements Payer {
  readonly #options: PurseOptions
  readonly #answered: { readonly target: Target; readonly reservation: Reservation }[] = []
  #unused: Reservation | undefined
  #isClosed = false

  /** @param first the money that was reserved before the first attempt */
  constructor(first: Reservation, options: PurseOptions) {
    this.#unused = first
    this.#options = options
  }

  /** As in `Payer`. Uses the reservation of an earlier attempt if it was given back and is large enough. */
  draw(target: Target, wait: MoneyWait): Drawn | Promise<Drawn> {
    const { ledger, limits, labels, costOf } = this.#options
    const estimateUsd = costOf(target)
    const unused = this.#unused
    this.#unused = undefined
    if (unused && unused.usd >= estimateUsd) return this.#share(target, unused, estimateUsd)
    unused?.settle(0)
    const reserved = ledger.reserve(estimateUsd, limits, labels)
    if ('cancel' in reserved)
      return wait(reserved).then((outcome) => this.#drawn(target, outcome, estimateUsd))
    return this.#drawn(target, reserved, estimateUsd)
  }

  close(servedBy?: Target, cost?: KnownCost): void {
    const { limits, costOf } = this.#options
    this.#isClosed = true
    this.#unused?.settle(0)
    const isKnown = cost !== undefined && (!cost.unpriced || allowsUnpriced(limits))
    const served = this.#answered.findLast(({ target }) => target.name === servedBy?.name)
    for (const each of this.#answered.splice(0)) {
      // Answers that the caller did not get were billed as well.
      const { reservation, target } = each
      const highest = costOf(target)
      if (each !== served || !cost) reservation.settle(highest)
      else reservation.settle(isKnown ? cost.usd : Math.max(cost.usd, highest))
    }
  }

  #drawn(target: Target, reserved: Reservation | SpendRefusal, estimateUsd: number): Drawn {
    return 'settle' in reserved ? this.#share(target, reserved, estimateUsd) : { ...reserved, estimateUsd }
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
