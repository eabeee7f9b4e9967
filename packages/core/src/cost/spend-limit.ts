import type { Labels } from '../reporting/labels.ts'
import { valueUnder, type SpendLimit } from '../options/spend-limit-options.ts'
import { periodEnd, Pots, type Pot } from './pots.ts'

/** Money that is reserved under all spend limits of a call. */
export interface Reservation {
  readonly usd: number
  /**
   * Ends the reservation and counts `spentUsd` as spent. If `spentUsd` is negative or not finite, the full reservation counts as spent.
   * Does nothing once the reservation has ended.
   */
  settle(spentUsd: number): void
}

/** The refusal of a reservation. Nothing is reserved then, under no limit. */
export interface SpendRefusal {
  /** The limit of which too little is left. If there are several, the one that has money again last. */
  readonly limit: SpendLimit
  /** The value of the label `by` whose money it is; '' without the label. */
  readonly value: string
  readonly leftUsd: number
  /** The time at which the next period of the limit begins, in milliseconds since the epoch; Infinity for a limit without periods. */
  readonly untilMs: number
  /** Whether the money of the value cannot be counted, because that of too many other values is. */
  readonly isFull: boolean
}

/** How much is left for one value under a limit, in US dollars. */
export interface PotState {
  readonly usedUsd: number
  readonly reservedUsd: number
  readonly leftUsd: number
  /** As in `SpendRefusal`. */
  readonly untilMs: number
}

/** A reservation that is still being decided, because the money is shared with other processes. */
export interface PendingReservation {
  /** Never rejects. */
  readonly outcome: Promise<Reservation | SpendRefusal>
  /** Gives up. What is reserved nevertheless is released again. */
  cancel(): void
}

/** Enforces spend limits, for one process or for a fleet. */
export interface Ledger {
  /**
   * Reserves an amount under all of the limits, or refuses if less than that is left of one of them.
   * @param usd the amount in US dollars
   * @param labels the labels of the call, which say whose money it is under limits with `by`
   */
  reserve(
    usd: number,
    limits: readonly SpendLimit[],
    labels: Labels,
  ): Reservation | SpendRefusal | PendingReservation
  /** Returns how much of a limit is left for a value of its label, in the current period. The value is '' for a limit without `by`. */
  state(limit: SpendLimit, value: string): PotState
  /** Calls a function for each value for which something is spent or reserved in the current period of the limit. */
  each(limit: SpendLimit, visit: (value: string, state: PotState) => void): void
}

/** The tolerance for rounding errors when amounts are added, in US dollars. */
const TOLERANCE_USD = 1e-12

/** A pot in which an amount is reserved. */
interface Reserved {
  readonly limit: SpendLimit
  readonly pot: Pot
}

/**
 * Enforces the spend limits of one process. Money is reserved before an attempt is made, under all limits or under none. When the cost is known, the
 * reservation is replaced by the cost. So concurrent calls cannot together spend more than a limit, unless a call costs more than its
 * reservation.
 */
export class SpendLedger implements Ledger {
  readonly #now: () => number
  readonly #pots = new Pots()

  /** @param now returns the current time, in milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now
  }

  state(limit: SpendLimit, value: string): PotState {
    const now = this.#now()
    return stateOf(limit, this.#pots.find(limit, value, now), now)
  }

  each(limit: SpendLimit, visit: (value: string, state: PotState) => void): void {
    const now = this.#now()
    for (const pot of this.#pots.all(limit, now)) visit(pot.value, stateOf(limit, pot, now))
  }

  reserve(usd: number, limits: readonly SpendLimit[], labels: Labels): Reservation | SpendRefusal {
    const now = this.#now()
    let refusal: SpendRefusal | undefined
    let added = 0
    for (const limit of limits) {
      const value = valueUnder(limit, labels)
      const pot = this.#pots.find(limit, value, now)
      if (!pot && limit.options.by !== undefined) added++
      const leftUsd = leftOf(limit, pot)
      // Also refuses NaN and Infinity.
      if (usd <= leftUsd + TOLERANCE_USD) continue
      const untilMs = periodEnd(limit, now)
      if (!refusal || untilMs > refusal.untilMs) refusal = { limit, value, leftUsd, untilMs, isFull: false }
    }
    refusal ??= this.#fullRefusal(added, limits, labels, now)
    return refusal ?? this.#take(usd, limits, labels, now)
  }

  /** Returns the refusal for a call that needs more new pots than there is room for; undefined if there is room. */
  #fullRefusal(
    added: number,
    limits: readonly SpendLimit[],
    labels: Labels,
    now: number,
  ): SpendRefusal | undefined {
    if (added === 0 || this.#pots.hasRoom(added, now)) return undefined
    const limit = limits.find(
      (each) => each.options.by !== undefined && !this.#pots.find(each, valueUnder(each, labels), now),
    )
    if (!limit) return undefined
    const { usd: leftUsd } = limit.options
    return { limit, value: valueUnder(limit, labels), leftUsd, untilMs: periodEnd(limit, now), isFull: true }
  }

  #take(usd: number, limits: readonly SpendLimit[], labels: Labels, now: number): Reservation {
    const reserved = limits.map((limit): Reserved => {
      const pot = this.#pots.open(limit, valueUnder(limit, labels), now)
      pot.reservedUsd += usd
      pot.open++
      return { limit, pot }
    })
    let open = true
    return {
      usd,
      settle: (spentUsd) => {
        if (!open) return
        open = false
        const spent = spentUsd >= 0 && spentUsd < Infinity ? spentUsd : usd
        for (const each of reserved) this.#settle(each, usd, spent)
      },
    }
  }

  /** Ends a reservation in one pot. The cost counts in the period in which the money was reserved, even if that period is over. */
  #settle({ limit, pot }: Reserved, reservedUsd: number, spentUsd: number): void {
    pot.open--
    // A sum of many differences would drift, so it begins at 0 again whenever it can.
    pot.reservedUsd = pot.open === 0 ? 0 : Math.max(0, pot.reservedUsd - reservedUsd)
    pot.spentUsd += spentUsd
    if (pot.open === 0 && pot.spentUsd === 0) this.#pots.drop(limit, pot)
  }
}

function leftOf({ options: { usd } }: SpendLimit, pot: Pot | undefined): number {
  return pot ? Math.max(0, usd - pot.spentUsd - pot.reservedUsd) : usd
}

function stateOf(limit: SpendLimit, pot: Pot | undefined, now: number): PotState {
  return {
    usedUsd: pot?.spentUsd ?? 0,
    reservedUsd: pot?.reservedUsd ?? 0,
    leftUsd: leftOf(limit, pot),
    untilMs: periodEnd(limit, now),
  }
}
