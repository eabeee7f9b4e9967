import type { FleetOutcome, FleetPot, FleetRefusal } from '../fleet/contracts.ts'
import type { MoneyPot } from './money-pot.ts'
import type { MoneyReports } from './money-reports.ts'
import type { PotShelves } from './pot-shelves.ts'

/** The tolerated rounding error, as a share of a limit. */
const ROUNDING = 1e-9

/** Decides about reservations in several pots: all or none. */
export class Payments {
  readonly #pots: PotShelves
  readonly #reports: MoneyReports

  constructor(pots: PotShelves, reports: MoneyReports) {
    this.#pots = pots
    this.#reports = reports
  }

  /** Whether a call can be paid without asking. One that costs nothing always can. */
  canPay(usd: number, pots: readonly FleetPot[], now: number): boolean {
    if (usd <= 0) return true
    const { isCutOff, members } = this.#reports
    return pots.every((given) => {
      const pot = this.#pots.open(given, now)
      if (!pot) return false
      if (isCutOff && this.#reports.isFirstPending(now)) return false
      if (isCutOff) return usd <= pot.part(given.usd, members, now).usable + given.usd * ROUNDING
      return pot.has(usd, given.usd, now)
    })
  }

  /** Reserves an amount in all pots. */
  take(usd: number, given: readonly FleetPot[], now: number): FleetOutcome {
    const pots: MoneyPot[] = []
    for (const each of given) {
      const pot = this.#pots.open(each, now)
      if (!pot) continue
      pot.take(usd, each.usd)
      pots.push(pot)
      this.#reports.touch(pot, now)
    }
    return {
      settle: (spentUsd) => {
        const then = performance.now()
        for (const pot of pots) {
          pot.settle(usd, spentUsd)
          this.#reports.touch(pot, then)
        }
      },
    }
  }

  /** Returns the refusal of a call for which too little is left in some pot. @param lacking whether it lacks money, for each pot */
  refusal(pots: readonly FleetPot[], lacking: readonly boolean[]): FleetRefusal {
    const place = this.#last(pots, lacking)
    const given = pots[place]
    if (!given) throw new RangeError('A reservation needs a spend limit.')
    const leftUsd = this.#pots.find(given)?.room(given.usd) ?? given.usd
    return { place, leftUsd, untilMs: this.#pots.endOf(given), isFull: false }
  }

  /** Returns the refusal of a call for which this member's part is too small; undefined if the call can be made later. */
  refusedWhileCutOff(usd: number, pots: readonly FleetPot[], now: number): FleetRefusal | undefined {
    if (this.#reports.isFirstPending(now)) return undefined
    const { members } = this.#reports
    const parts = pots.map((given) => this.#pots.open(given)?.part(given.usd, members, now).left ?? 0)
    const lacking = pots.map((given, place) => usd > (parts[place] ?? 0) + given.usd * ROUNDING)
    if (!lacking.includes(true)) return undefined
    const refusal = this.refusal(pots, lacking)
    return { ...refusal, leftUsd: parts[refusal.place] ?? 0 }
  }

  /** Returns the place of the pot that has money again last, among those that lack it. */
  #last(pots: readonly FleetPot[], lacking: readonly boolean[]): number {
    let last = Math.max(0, lacking.indexOf(true))
    for (const [place, given] of pots.entries()) {
      const latest = pots[last]
      if (lacking[place] && latest && this.#pots.endOf(given) > this.#pots.endOf(latest)) last = place
    }
    return last
  }
}
