import type { SpendLimitOptions } from '../options/spend-limit-options.ts'
import type { SpendState } from '../reporting/cost-stats.ts'

/** Money that is reserved under a spend limit. */
export interface Reservation {
  readonly usd: number
  /**
   * Ends the reservation and counts `spentUsd` as spent. If `spentUsd` is negative or not finite, the full reservation counts as spent.
   * Does nothing once the reservation has ended.
   */
  settle(spentUsd: number): void
}

/** The refusal of a reservation, because less than the requested amount is left. */
export interface SpendRefusal {
  readonly leftUsd: number
  /** The time at which the next period of the limit begins, in milliseconds since the epoch; Infinity for a limit without periods. */
  readonly untilMs: number
}

const HOUR_MS = 3_600_000
const LENGTH_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, total: Infinity } as const
/** The tolerance for rounding errors when amounts are added, in US dollars. */
const TOLERANCE_USD = 1e-12

interface Window {
  readonly start: number
  spentUsd: number
  reservedUsd: number
}

/**
 * Enforces spend limits. Money is reserved before a call is made. When the cost is known, the reservation is replaced by the cost. So
 * concurrent calls cannot together spend more than the limit, unless a call costs more than its reservation.
 */
export class SpendLedger {
  readonly #now: () => number
  readonly #windows = new Map<SpendLimitOptions['per'], Window>()

  /** @param now returns the current time, in milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Returns the amount, in US dollars, that is neither spent nor reserved in the current period of the limit. */
  leftUsd({ usd, per }: SpendLimitOptions): number {
    const { spentUsd, reservedUsd } = this.#window(per)
    return Math.max(0, usd - spentUsd - reservedUsd)
  }

  /** Returns how much of the limit is used in its current period. */
  state(limit: SpendLimitOptions): SpendState {
    const { usd: limitUsd, per } = limit
    const { spentUsd: usedUsd, reservedUsd, start } = this.#window(per)
    const untilMs = per === 'total' ? undefined : start + LENGTH_MS[per]
    return { limitUsd, per, usedUsd, reservedUsd, leftUsd: this.leftUsd(limit), untilMs }
  }

  /** Reserves an amount in US dollars, or refuses if less than that is left of the limit. */
  reserve(usd: number, limit: SpendLimitOptions): Reservation | SpendRefusal {
    const leftUsd = this.leftUsd(limit)
    const window = this.#window(limit.per)
    // Also refuses NaN and Infinity.
    if (!(usd <= leftUsd + TOLERANCE_USD)) return { leftUsd, untilMs: window.start + LENGTH_MS[limit.per] }
    window.reservedUsd += usd
    let open = true
    return {
      usd,
      settle: (spentUsd) => {
        if (!open) return
        open = false
        // The cost counts in the period in which the money was reserved, even if that period is over.
        window.reservedUsd -= usd
        window.spentUsd += spentUsd >= 0 && spentUsd < Infinity ? spentUsd : usd
      },
    }
  }

  #window(per: SpendLimitOptions['per']): Window {
    const length = LENGTH_MS[per]
    const start = length === Infinity ? 0 : Math.floor(this.#now() / length) * length
    let window = this.#windows.get(per)
    if (window?.start !== start) this.#windows.set(per, (window = { start, spentUsd: 0, reservedUsd: 0 }))
    return window
  }
}
