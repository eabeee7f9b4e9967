import type { SpendLimitOptions } from '../options/spend-limit-options.ts'

/** Money set aside for one call. */
export interface Reservation {
  readonly usd: number
  /** Gives it back, less what was spent. Once; more is ignored. What is no amount of money keeps all of it. */
  settle(spentUsd: number): void
}

/** Why a call may not be made. */
export interface SpendRefusal {
  readonly leftUsd: number
  /** When the limit is renewed, in milliseconds since the epoch; Infinity for one that never is. */
  readonly untilMs: number
}

const HOUR_MS = 3_600_000
const LENGTH_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, total: Infinity } as const
/** Sums of dollars are sums of fractions. */
const TOLERANCE_USD = 1e-12

interface Window {
  readonly start: number
  spentUsd: number
  reservedUsd: number
}

/**
 * Sets money aside before a call is made and settles it when its cost is known, so that any number of calls at once cannot
 * spend more together than there is. Only a call that costs more than was set aside for it goes beyond.
 */
export class SpendLedger {
  readonly #now: () => number
  readonly #windows = new Map<SpendLimitOptions['per'], Window>()

  /** @param now in milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now
  }

  /** What is neither spent nor set aside now. */
  leftUsd({ usd, per }: SpendLimitOptions): number {
    const { spentUsd, reservedUsd } = this.#window(per)
    return Math.max(0, usd - spentUsd - reservedUsd)
  }

  reserve(usd: number, limit: SpendLimitOptions): Reservation | SpendRefusal {
    const leftUsd = this.leftUsd(limit)
    const window = this.#window(limit.per)
    // What is not finite can never be paid.
    if (!(usd <= leftUsd + TOLERANCE_USD)) return { leftUsd, untilMs: window.start + LENGTH_MS[limit.per] }
    window.reservedUsd += usd
    let open = true
    return {
      usd,
      settle: (spentUsd) => {
        if (!open) return
        open = false
        // It belongs to the time in which it was set aside, also when that is over by now.
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
