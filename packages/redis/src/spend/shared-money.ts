import type { FleetMoney, FleetOutcome, FleetPot, FleetPotState } from '../fleet/contracts.ts'
import type { TimedScript } from '../client/timed-script.ts'
import type { Reply } from './grant-wire.ts'
import type { MoneyPot, Need } from './money-pot.ts'
import { MoneyReports } from './money-reports.ts'
import { Payments } from './payments.ts'
import { PotShelves } from './pot-shelves.ts'

/** While calls wait for what others may return, they ask this often, in milliseconds. */
const ASK_AGAIN_MS = 25
/** The maximum time that a call waits for what others may return, in milliseconds. It is longer than a lease lasts. */
const MAX_WAIT_MS = 3_000

/** A call that waits for money. */
interface Waiter {
  readonly usd: number
  readonly pots: readonly FleetPot[]
  readonly since: number
  readonly resolve: (outcome: FleetOutcome) => void
}

/**
 * The money of the spend limits, as one process has it. A call is paid at once from what the process has leased, and otherwise waits for a reply of Redis.
 * It is refused only when Redis has answered that too little is left for all; while cut off, when this member's part is spent.
 */
export class SharedMoney implements FleetMoney {
  readonly #pots: PotShelves
  readonly #reports: MoneyReports
  readonly #payments: Payments
  #waiters: Waiter[] = []
  /** While cut off: decides again about the calls that wait. */
  #timer: NodeJS.Timeout | undefined

  /** @param tag the beginning of all keys, which is their hash tag */
  constructor(script: TimedScript, tag: string) {
    this.#pots = new PotShelves(tag)
    this.#reports = new MoneyReports(script, `${tag}:seen`, {
      needs: () => this.#needs(),
      accept: (pots, reply, sentAt) => this.#accept(pots, reply, sentAt),
      advance: (now) => this.#advance(now),
    })
    this.#payments = new Payments(this.#pots, this.#reports)
  }

  /** The number of processes that used shared money lately, as far as this one knows. */
  get members(): number {
    return this.#reports.members
  }

  reserve(
    usd: number,
    pots: readonly FleetPot[],
  ): FleetOutcome | { readonly outcome: Promise<FleetOutcome>; cancel(): void } {
    const now = performance.now()
    // Opens all of them.
    const full = pots.filter((pot) => !this.#pots.open(pot, now))
    if (full.length > 0) {
      const isFull = pots.map((pot) => full.includes(pot))
      return { ...this.#payments.refusal(pots, isFull), isFull: true }
    }
    // Also refuses NaN and Infinity.
    if (!(usd < Infinity))
      return this.#payments.refusal(
        pots,
        pots.map(() => true),
      )
    if (this.#payments.canPay(usd, pots, now)) return this.#payments.take(usd, pots, now)
    if (this.#reports.isCutOff) {
      const refused = this.#payments.refusedWhileCutOff(usd, pots, now)
      this.#reports.ask(now, now)
      if (refused) return refused
    }
    return this.#wait(usd, pots, now)
  }

  state(given: FleetPot): FleetPotState {
    const pot = this.#pots.find(given)
    const [usedUsd, reservedUsd] = pot ? [pot.usedUsd, pot.reservedUsd] : [0, 0]
    const leftUsd = Math.max(0, given.usd - usedUsd - reservedUsd)
    return { usedUsd, reservedUsd, leftUsd, untilMs: this.#pots.endOf(given) }
  }

  values(kind: string): Iterable<string> {
    return this.#pots.values(kind)
  }

  /** Called when Redis answers again. */
  recovered(): void {
    this.#reports.recovered()
  }

  /** Reports the rest, and returns what this process has leased. */
  close(): Promise<void> {
    return this.#reports.close()
  }

  #wait(
    usd: number,
    pots: readonly FleetPot[],
    now: number,
  ): { readonly outcome: Promise<FleetOutcome>; cancel(): void } {
    const { promise: outcome, resolve } = Promise.withResolvers<FleetOutcome>()
    const waiter: Waiter = { usd, pots, since: now, resolve }
    this.#waiters.push(waiter)
    if (this.#reports.isCutOff) this.#decideLater()
    else this.#reports.ask(now, now)
    const cancel = (): void => {
      const place = this.#waiters.indexOf(waiter)
      if (place >= 0) this.#waiters.splice(place, 1)
      // It may have been paid just now.
      else void outcome.then((decided) => 'settle' in decided && decided.settle(0))
    }
    return { outcome, cancel }
  }

  #needs(): Map<MoneyPot, Need> {
    const needs = new Map<MoneyPot, Need>()
    for (const { usd, pots } of this.#waiters) {
      for (const given of pots) {
        const pot = this.#pots.open(given)
        if (!pot) continue
        const need = needs.get(pot)
        if (!need) needs.set(pot, { usd, least: usd, limit: given.usd })
        else {
          need.usd += usd
          need.least = Math.min(need.least, usd)
          need.limit = Math.max(need.limit, given.usd)
        }
      }
    }
    return needs
  }

  #accept(pots: readonly MoneyPot[], { now: serverNow, pots: granted }: Reply, sentAt: number): void {
    const now = performance.now()
    this.#pots.setTime(serverNow)
    for (const [place, pot] of pots.entries()) {
      const each = granted[place]
      if (!each) continue
      // Another period has begun, in which this process has spent nothing.
      const current = pot.isOf(each) ? pot : this.#pots.renew(pot)
      current.accept(each, sentAt, now)
      this.#reports.touch(current, sentAt)
    }
  }

  /** Decides about the calls that wait, as far as that is possible now. */
  #advance(now: number): void {
    const waiting = this.#waiters
    this.#waiters = []
    for (const waiter of waiting) {
      const outcome = this.#decide(waiter, now)
      if (outcome) waiter.resolve(outcome)
      else this.#waiters.push(waiter)
    }
    if (this.#waiters.length > 0) this.#askAgain(now)
  }

  /** Asks for the calls that wait. While cut off, they only wait until they can use more of this member's part. */
  #askAgain(now: number): void {
    if (this.#reports.isCutOff) {
      this.#decideLater()
      return
    }
    // Calls that began to wait during the last report are not part of it yet.
    const isNew = this.#waiters.some((waiter) =>
      waiter.pots.some((given) => !this.#isReported(given, waiter)),
    )
    this.#reports.ask(isNew ? now : now + ASK_AGAIN_MS, now)
  }

  #decideLater(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#advance(performance.now())
    }, ASK_AGAIN_MS)
  }

  #isReported(given: FleetPot, { since }: Waiter): boolean {
    const pot = this.#pots.find(given)
    return pot !== undefined && pot.reportedAt >= since
  }

  #decide(waiter: Waiter, now: number): FleetOutcome | undefined {
    const { usd, pots, since } = waiter
    if (this.#payments.canPay(usd, pots, now)) return this.#payments.take(usd, pots, now)
    if (this.#reports.isCutOff) return this.#payments.refusedWhileCutOff(usd, pots, now)
    const mayWait = now - since <= MAX_WAIT_MS
    const lacking = pots.map((given) => {
      const pot = this.#pots.open(given)
      return pot !== undefined && this.#isReported(given, waiter) && pot.lacks(usd, given.usd, mayWait)
    })
    return lacking.includes(true) ? this.#payments.refusal(pots, lacking) : undefined
  }
}
