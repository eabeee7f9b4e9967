import type { FleetMoney, FleetOutcome, FleetPot } from '../options/fleet.ts'
import { valueUnder, type SpendLimit } from '../options/spend-limit-options.ts'
import type { Labels } from '../reporting/labels.ts'
import type { Ledger, PendingReservation, PotState, Reservation, SpendRefusal } from './spend-limit.ts'

/** Enforces spend limits whose money several processes share. */
export class FleetLedger implements Ledger {
  readonly #money: FleetMoney

  constructor(money: FleetMoney) {
    this.#money = money
  }

  reserve(
    usd: number,
    limits: readonly SpendLimit[],
    labels: Labels,
  ): Reservation | SpendRefusal | PendingReservation {
    const pots = limits.map((limit) => potOf(limit, valueUnder(limit, labels)))
    const reserved = this.#money.reserve(usd, pots)
    if (!('cancel' in reserved)) return outcomeOf(reserved, usd, limits, pots)
    return {
      outcome: reserved.outcome.then((outcome) => outcomeOf(outcome, usd, limits, pots)),
      cancel: () => reserved.cancel(),
    }
  }

  state(limit: SpendLimit, value: string): PotState {
    return this.#money.state(potOf(limit, value))
  }

  each(limit: SpendLimit, visit: (value: string, state: PotState) => void): void {
    for (const value of this.#money.values(limit.kind)) visit(value, this.state(limit, value))
  }
}

function potOf({ kind, options: { usd, per, by } }: SpendLimit, value: string): FleetPot {
  return { kind, value, per, usd, isByLabel: by !== undefined }
}

function outcomeOf(
  outcome: FleetOutcome,
  usd: number,
  limits: readonly SpendLimit[],
  pots: readonly FleetPot[],
): Reservation | SpendRefusal {
  if ('settle' in outcome) return reservationOf(outcome, usd)
  const { leftUsd, untilMs, isFull } = outcome
  const place = limits[outcome.place] ? outcome.place : 0
  const [limit, pot] = [limits[place], pots[place]]
  if (!limit || !pot) throw new RangeError('A reservation needs a spend limit.')
  return { limit, value: pot.value, leftUsd, untilMs, isFull }
}

function reservationOf(shared: { settle(spentUsd: number): void }, usd: number): Reservation {
  let isOpen = true
  return {
    usd,
    settle: (spentUsd) => {
      if (!isOpen) return
      isOpen = false
      shared.settle(spentUsd >= 0 && spentUsd < Infinity ? spentUsd : usd)
    },
  }
}
