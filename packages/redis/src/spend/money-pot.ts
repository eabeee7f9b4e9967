import type { FleetPot } from '../fleet/contracts.ts'
import type { Ask, Granted } from './grant-wire.ts'

/** What calls that wait need of a pot, together and at least, in US dollars, and the highest of their limits. */
export interface Need {
  usd: number
  least: number
  limit: number
}

const HOUR_MS = 3_600_000
/** The lengths of periods in milliseconds; 0 if there are none. */
const LENGTH_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, total: 0 } as const

/** A lease can be used for this time after its report was sent, in milliseconds. In Redis it lasts longer, so that it never ends there first. */
const USABLE_MS = 1_500
/** A process that holds anything, or has spent something, reports at least this often, in milliseconds. */
const REPORT_MS = 500
/** The same while little is left, so that other processes can have what this one does not need. */
const SHORT_REPORT_MS = 20
/** The minimum time between two reports that only lease ahead, in milliseconds. */
const MIN_AHEAD_MS = 10
/** How much is leased ahead: what is used in this time, in milliseconds. */
const AHEAD_MS = 200
/** The maximum factor by which a process leases more than it has used since its last report. */
const MAX_GROWTH = 8
/** Fewer calls than this are not leased ahead. */
const MIN_AHEAD = 2
/** A lease larger than this multiple of what is wanted is given back in part. */
const MAX_SURPLUS = 2
/**
 * While cut off, this share of a process' part can be used at once, and the rest of it in the course of this time, in milliseconds: little at first, since
 * Redis is often back after a moment.
 */
const AT_CUT = 0.005
const CUT_MS = 4_000
/** The tolerated rounding error, as a share of a limit. */
const ROUNDING = 1e-9

const NOTHING = { total: 0, used: 0, reserved: 0, want: 0 }

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
  /** The number and the sum of the reservations that were made since the last report. */
  #started = 0
  #taken = 0
  /** The lease when `#used` was `#mark`, and when it ends. */
  #lease = 0
  #mark = 0
  #expiresAt = -Infinity
  /** The lease below which more is requested. */
  #lowMark = -Infinity
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
  /** While cut off: `#used` when that began, and the number of members among which the rest is divided. */
  #cut: { readonly mark: number; readonly members: number; readonly since: number } | undefined

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

  /** Whether an amount cannot be reserved, whatever the others return. */
  lacks(usd: number, limit: number): boolean {
    const tolerance = limit * ROUNDING
    return usd > limit - this.usedUsd + tolerance || (!this.#isStale && usd > this.room(limit) + tolerance)
  }

  /** What is left for this process if the others use all that they hold. */
  room(limit: number): number {
    return Math.max(0, limit - this.usedUsd - this.#held - this.#reserved)
  }

  /**
   * Returns what is left of the part that this process has while it is cut off: what was left when that began, divided by the number of members.
   * `usable` is what can be used now.
   */
  part(limit: number, members: number, now: number): { readonly left: number; readonly usable: number } {
    if (!this.#cut) {
      this.#cut = { mark: this.#used, members, since: now }
      this.#expiresAt = -Infinity
    }
    const { mark, since } = this.#cut
    const whole = limit - this.#spent + this.#acknowledged - this.#reservedByOthers - mark
    const part = Math.max(0, whole) / this.#cut.members
    const used = this.#used - mark
    const left = Math.max(0, part - used)
    const share = Math.min(1, AT_CUT + ((now - since) / CUT_MS) ** 2)
    // In any case, one call can be made.
    return { left, usable: used <= 0 ? left : Math.min(left, Math.max(0, part * share - used)) }
  }

  take(usd: number, limit: number): void {
    this.#limit = limit
    this.#reserved += usd
    this.#open++
    this.#started++
    this.#taken += usd
  }

  settle(reservedUsd: number, spentUsd: number): void {
    this.#open--
    // A sum of many differences would drift, so it begins at 0 again whenever it can.
    this.#reserved = this.#open === 0 ? 0 : Math.max(0, this.#reserved - reservedUsd)
    this.#total += spentUsd
  }

  /** Returns when the next report is due, apart from calls that wait; Infinity if there is nothing to report. */
  dueAt(now: number): number {
    const free = this.free(now)
    const isNews = this.#total !== this.#acknowledged || this.#reserved !== this.#report.reserved
    const holds = free > this.#limit * ROUNDING
    if (this.#isShort && (isNews || holds)) return this.#reportedAt + SHORT_REPORT_MS
    if (free < this.#lowMark && isNews) return this.#reportedAt + MIN_AHEAD_MS
    return isNews || holds || this.#open > 0 ? this.#reportedAt + REPORT_MS : Infinity
  }

  /**
   * Returns the numbers of a report. Until its reply, the lease is what the process keeps in any case.
   *
   * @param need what waiting calls need
   * @param isLast whether the process leaves the fleet
   */
  report(need: Readonly<Need>, isLast: boolean, now: number): Ask {
    const used = this.#used
    const growth = Math.min(MAX_GROWTH, AHEAD_MS / Math.max(1, now - this.#reportedAt))
    const leasesAhead = !isLast && !this.#isShort && this.#started * growth >= MIN_AHEAD
    // Reservations are larger than costs, so the lease has to cover a few of them beside what is used.
    const want = leasesAhead
      ? Math.max(0, used - this.#report.used) * growth + (MIN_AHEAD * this.#taken) / this.#started
      : 0
    const floor = Math.max(0, Math.min(this.free(now), want * MAX_SURPLUS))
    const limit = Math.max(this.#limit, need.limit)
    const ask: Ask = {
      lengthMs: LENGTH_MS[this.per],
      limit,
      period: this.#period,
      epoch: this.#epoch,
      total: this.#total,
      acknowledged: this.#acknowledged,
      reserved: this.#reserved,
      floor,
      need: need.usd,
      want,
      isBusy: this.#started > 0 || need.usd > 0,
      seed: this.#spent,
      others: this.#held,
      least: need.least,
    }
    this.#lease = floor
    this.#mark = used
    this.#lowMark = -Infinity
    this.#report = { total: this.#total, used, reserved: this.#reserved, want }
    this.#reportedAt = now
    this.#started = 0
    this.#taken = 0
    return ask
  }

  /** Takes over what a reply says. @param sentAt when its report was sent */
  accept(granted: Granted, sentAt: number): void {
    const { want } = this.#report
    this.#epoch = granted.epoch
    this.#period = granted.period
    this.#endsAt = granted.endsAt
    this.#spent = granted.spent
    this.#held = granted.held
    this.#reservedByOthers = granted.reserved
    this.#isStale = granted.isStale
    this.#isShort = granted.isShort
    this.#acknowledged = this.#report.total
    this.#lease = granted.lease
    this.#mark = this.#report.used
    this.#lowMark = want > 0 && !granted.isShort ? Math.min(want, granted.lease) / 2 : -Infinity
    this.#expiresAt = sentAt + USABLE_MS
    this.#reportedAt = sentAt
    this.#cut = undefined
  }

  /** What this process has spent or reserved. */
  get #used(): number {
    return this.#total + this.#reserved
  }

  /** What can be reserved without asking. */
  free(now: number): number {
    return now < this.#expiresAt ? this.#lease - (this.#used - this.#mark) : 0
  }
}

/** Returns when the period of a time ends, in milliseconds since the epoch; Infinity without periods. */
export function nextPeriod(per: FleetPot['per'], now: number): number {
  const length = LENGTH_MS[per]
  return length === 0 ? Infinity : (Math.floor(now / length) + 1) * length
}
