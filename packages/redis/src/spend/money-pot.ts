import type { FleetPot } from '../fleet/contracts.ts'
import { CutOffPart } from './cut-off-part.ts'
import type { Ask, Granted } from './grant-wire.ts'
import { lengthOf, nextPeriod } from './period.ts'
import { PotLease } from './pot-lease.ts'

/** What calls that wait need of a pot, together and at least, in US dollars, and the highest of their limits. */
export interface Need {
  usd: number
  least: number
  limit: number
}

/** A process that holds anything, or has spent something, reports at least this often, in milliseconds. */
const REPORT_MS = 500
/** The same while little is left, so that other processes can have what this one does not need. */
const SHORT_REPORT_MS = 20
/** The minimum time between two reports that only lease ahead, in milliseconds. */
const MIN_AHEAD_MS = 10
/** The tolerated rounding error, as a share of a limit. */
const ROUNDING = 1e-9

const NOTHING = { total: 0, reserved: 0 }

/**
 * A pot, as one process knows it: what the process has spent (`total`) and reserved of it, what it may reserve without asking (its lease), and what all
 * processes had spent at the last reply. Amounts are in US dollars.
 */
export class MoneyPot {
  readonly kind: string
  readonly value: string
  readonly per: FleetPot['per']
  readonly isByLabel: boolean
  /** Its key in Redis. */
  readonly key: string
  /** When the period ends, in milliseconds since the epoch, by the clock of the server; Infinity without periods. */
  #endsAt: number
  #period: number | undefined
  #epoch = ''
  /** The limit of the latest call. */
  #limit = 0
  #total = 0
  #reserved = 0
  /** The number of reservations that have not ended. */
  #open = 0
  readonly #lease = new PotLease()
  /** What the last report said, and its time. */
  #report = NOTHING
  #reportedAt = -Infinity
  /** The total that is part of `#spent`. */
  #acknowledged = 0
  /** At the last reply: what all have spent, and what the others held and had reserved. */
  #spent = 0
  #held = 0
  #reservedByOthers = 0
  #isStale = false
  #isShort = false
  #part: CutOffPart | undefined

  /** @param serverNow the time of the server, as far as it is known, in milliseconds since the epoch */
  constructor({ kind, value, per, isByLabel }: Omit<FleetPot, 'usd'>, key: string, serverNow: number) {
    this.kind = kind
    this.value = value
    this.per = per
    this.isByLabel = isByLabel
    this.key = key
    this.#endsAt = nextPeriod(per, serverNow)
  }

  get endsAt(): number {
    return this.#endsAt
  }

  get reportedAt(): number {
    return this.#reportedAt
  }

  /** What all have spent, as far as this process knows. */
  get usedUsd(): number {
    return Math.max(0, this.#spent + this.#total - this.#acknowledged)
  }

  /** What is reserved for the calls of all, as far as this process knows. */
  get reservedUsd(): number {
    return this.#reservedByOthers + this.#reserved
  }

  /** Whether this process has no money in the pot, so that it can be forgotten. */
  get isForgettable(): boolean {
    return this.#total === 0 && this.#open === 0
  }

  /** Whether a reply has brought another period than the one before. */
  isOf({ period }: Granted): boolean {
    return this.#period === undefined || this.#period === period
  }

  /** Whether an amount can be reserved without asking. */
  has(usd: number, limit: number, now: number): boolean {
    const tolerance = limit * ROUNDING
    return usd <= this.free(now) + tolerance && usd <= this.room(limit) + tolerance
  }

  /**
   * Whether an amount cannot be reserved.
   *
   * @param mayWait whether others may return some of what they hold until then
   */
  lacks(usd: number, limit: number, mayWait: boolean): boolean {
    const left = this.#isStale && mayWait ? limit - this.usedUsd : this.room(limit)
    return usd > left + limit * ROUNDING
  }

  /** What is left for this process if the others use all that they hold. */
  room(limit: number): number {
    return Math.max(0, limit - this.usedUsd - this.#held - this.#reserved)
  }

  /** Returns what is left of the part that this process has while it is cut off, and how much of that is usable now. */
  part(limit: number, members: number, now: number): { readonly left: number; readonly usable: number } {
    this.#part ??= new CutOffPart(this.#acknowledged, this.#used, members, now)
    this.#lease.end()
    const leftAtCut = limit - this.#spent + this.#acknowledged - this.#reservedByOthers
    return this.#part.read(leftAtCut, this.#used, now)
  }

  take(usd: number, limit: number): void {
    this.#limit = limit
    this.#reserved += usd
    this.#open++
    this.#lease.noteTaken(usd)
  }

  settle(reservedUsd: number, spentUsd: number): void {
    this.#open--
    // A sum of many differences would drift, so it begins at 0 again whenever it can.
    this.#reserved = this.#open === 0 ? 0 : Math.max(0, this.#reserved - reservedUsd)
    this.#total += spentUsd
  }

  /** Returns when the next report is due, apart from calls that wait; Infinity if there is nothing to report. */
  dueAt(now: number): number {
    const isNews = this.#total !== this.#acknowledged || this.#reserved !== this.#report.reserved
    const holds = this.free(now) > this.#limit * ROUNDING
    if (this.#isShort && (isNews || holds)) return this.#reportedAt + SHORT_REPORT_MS
    if (isNews && this.#lease.isLow(this.#used, now)) return this.#reportedAt + MIN_AHEAD_MS
    return isNews || holds || this.#open > 0 ? this.#reportedAt + REPORT_MS : Infinity
  }

  /**
   * Returns the numbers of a report. Until its reply, the lease is what the process keeps in any case.
   *
   * @param need what waiting calls need
   * @param isLast whether the process leaves the fleet
   */
  report(need: Readonly<Need>, isLast: boolean, now: number): Ask {
    const isBusy = this.#lease.isBusy || need.usd > 0
    const { want, floor } = this.#lease.ask(this.#used, !isLast && !this.#isShort, isBusy, now)
    const limit = Math.max(this.#limit, need.limit)
    const ask: Ask = {
      lengthMs: lengthOf(this.per),
      limit,
      period: this.#period,
      epoch: this.#epoch,
      total: this.#total,
      acknowledged: this.#acknowledged,
      reserved: this.#reserved,
      floor,
      need: need.usd,
      want,
      isBusy,
      seed: this.#spent,
      others: this.#held,
      least: need.least,
    }
    this.#report = { total: this.#total, reserved: this.#reserved }
    this.#reportedAt = now
    return ask
  }

  /** Takes over what a reply says. @param sentAt when its report was sent */
  accept(granted: Granted, sentAt: number, now: number): void {
    this.#epoch = granted.epoch
    this.#period = granted.period
    this.#endsAt = granted.endsAt
    this.#spent = granted.spent
    this.#held = granted.held
    this.#reservedByOthers = granted.reserved
    this.#isStale = granted.isStale
    this.#isShort = granted.isShort
    this.#acknowledged = this.#report.total
    this.#lease.grant(granted.lease, sentAt, now)
    this.#reportedAt = sentAt
    this.#part = undefined
  }

  /** What this process has spent or reserved. */
  get #used(): number {
    return this.#total + this.#reserved
  }

  /** What can be reserved without asking. */
  free(now: number): number {
    return this.#lease.free(this.#used, now)
  }
}
