import { randomUUID } from 'node:crypto'
import type { Cost, LimitKind } from '@harbor/batch'
import type { LimitSource, SharedLimiter } from '@harbor/batch/shared-limits'
import type { TimedScript } from '../client/timed-script.ts'
import { Lease } from './lease.ts'
import { leaseSize, type Demand, type LeaseSize } from './lease-size.ts'
import { argumentsOf, replyOf, type Reply } from './refill-wire.ts'

/** After this time without a report, in milliseconds, what a process holds returns to the others. */
const LEASE_MS = 1_500
/** A process that holds anything, or has a request that waits, reports at least this often, in milliseconds. */
const REPORT_MS = 500
/** The minimum time between two reports that only lease ahead, in milliseconds. */
const MIN_AHEAD_MS = 10
/** The minimum time between two reports of what the provider has left, in milliseconds. */
const NEWS_MS = 100
/** While Redis does not answer, it is tried this often, in milliseconds. */
const PROBE_MS = 250
/** For how long an amount is held for a request that could not start and did not wait, in milliseconds. */
const REFUSED_MS = 1_500

/**
 * Fills the buckets of one process from the shared ones in Redis. One report is in flight at a time:
 *
 *     leased ──report failed or late──► cut off: time adds 1/members of each limit
 *        ▲                                  │
 *        └────────── a report succeeded ────┘ (tried every 250 ms while there are requests)
 */
export class SharedLimits implements LimitSource {
  readonly #script: TimedScript
  readonly #keys: readonly string[]
  readonly #member = randomUUID()
  readonly #leases = new Map<LimitKind, Lease>()
  #limiter: SharedLimiter | undefined
  #isReporting = false
  #isCutOff = false
  /** Whether the limiter was used since the last report. */
  #isUsed = false
  #members = 1
  #epoch = ''
  #reportedAt = -Infinity
  #startedAtReport = 0
  #expiresAt = Infinity
  /** When the pending grant can be used. */
  #readyAt = Infinity
  /** The end of the pause that all processes know. */
  #pausedForAll = -Infinity
  #refused: { readonly cost: Cost; readonly untilMs: number } | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity

  constructor(script: TimedScript, keys: readonly string[]) {
    this.#script = script
    this.#keys = keys
  }

  /** The number of processes that used the limits lately, as far as this one knows. */
  get members(): number {
    return this.#members
  }

  attach(limiter: SharedLimiter): void {
    this.#limiter = limiter
    this.#track(limiter, limiter.now())
  }

  tick(now: number): void {
    if (now < this.#expiresAt) return
    this.#expiresAt = Infinity
    this.#readyAt = Infinity
    for (const lease of this.#leases.values()) lease.expire(now)
  }

  changed(now: number, refused?: Cost): void {
    if (refused) this.#refused = { cost: refused, untilMs: now + REFUSED_MS }
    this.#isUsed = true
    this.#proceed(now)
  }

  #proceed(now: number): void {
    const limiter = this.#limiter
    if (!limiter) return
    this.#track(limiter, now)
    if (this.#isReporting) return
    const at = this.#nextReportAt(limiter, now)
    if (at <= now) this.#startReport()
    else this.#wakeAt(Math.min(at, this.#readyAt), now)
  }

  /** Returns when the next report is due; `Infinity` if there is nothing to report. */
  #nextReportAt(limiter: SharedLimiter, now: number): number {
    // A command that Redis has not answered is followed by the next one when it has.
    if (this.#script.isBusy) return Infinity
    const first = this.#first(limiter, now)
    const pausedUntil = limiter.pausedUntil()
    if (pausedUntil > this.#pausedForAll && pausedUntil > now && !this.#isCutOff) return now
    if (this.#isCutOff) return first || this.#isUsed ? this.#reportedAt + PROBE_MS : Infinity
    // Without limits, a report only brings the pauses of other processes.
    if (this.#leases.size === 0) return this.#isUsed ? this.#reportedAt + REPORT_MS : Infinity
    let isIdle = first === undefined
    let isNews = false
    for (const lease of this.#leases.values()) {
      if (this.#readyAt === Infinity) {
        if (first && lease.lacks(first, now)) return now
        if (lease.level(now) < lease.lowMark) return Math.max(now, this.#reportedAt + MIN_AHEAD_MS)
      }
      isIdle &&= lease.isEmpty(now)
      isNews ||= lease.limit.bucket.reported(now) < lease.limit.bucket.capacity
    }
    if (isNews) return Math.max(now, this.#reportedAt + NEWS_MS)
    return isIdle ? Infinity : this.#reportedAt + REPORT_MS
  }

  /** Returns the cost of the request that is to start next, if one waits or was refused just now. */
  #first(limiter: SharedLimiter, now: number): Cost | undefined {
    if (this.#refused && this.#refused.untilMs <= now) this.#refused = undefined
    return limiter.first() ?? this.#refused?.cost
  }

  /** Follows the limits of the limiter: those of headers come and go. */
  #track(limiter: SharedLimiter, now: number): void {
    const limits = limiter.limits()
    for (const limit of limits) {
      if (this.#leases.get(limit.kind)?.limit.bucket === limit.bucket) continue
      const lease = new Lease(limit, now)
      if (this.#isCutOff) lease.cutOff(this.#members, now)
      this.#leases.set(limit.kind, lease)
    }
    if (limits.length === this.#leases.size) return
    for (const [kind, lease] of this.#leases) {
      if (limits.some((limit) => limit.bucket === lease.limit.bucket)) continue
      lease.release(now)
      this.#leases.delete(kind)
    }
  }

  /** Requests of the same tick share a report. */
  #startReport(): void {
    this.#isReporting = true
    queueMicrotask(() => void this.#report())
  }

  async #report(): Promise<void> {
    const limiter = this.#limiter
    if (!limiter) return
    const now = limiter.now()
    const started = limiter.started()
    const demand: Demand = {
      first: this.#first(limiter, now),
      waiting: limiter.waiting(),
      started: started - this.#startedAtReport,
      sinceMs: now - this.#reportedAt,
    }
    this.#startedAtReport = started
    const leases = [...this.#leases.values()]
    const asks = leases.map((lease) => {
      const recent = lease.usedSinceReport(now)
      const size = this.#sizeOf(lease, demand, recent, now)
      const left = lease.limit.bucket.reported(now)
      lease.limit.bucket.clearReported()
      return { limit: lease.limit, ...lease.report(now, size.keep), ...size, left }
    })
    const pausedUntil = limiter.pausedUntil()
    const pauseMs = pausedUntil > this.#pausedForAll ? Math.max(0, pausedUntil - now) : 0
    this.#reportedAt = now
    this.#isUsed = false
    const args = argumentsOf(this.#member, LEASE_MS, pauseMs, this.#epoch, asks)
    const texts = await this.#script.run(this.#keys, args, () => this.#cameLate())
    const reply = texts && replyOf(texts, asks.length)
    this.#isReporting = false
    const then = limiter.now()
    // What was granted belongs to others again if this process was too busy to handle the reply in time.
    if (reply && then < now + LEASE_MS) {
      this.#accept(reply, leases, asks, limiter, now, then)
      // A pause that began after the report is reported next.
      this.#pausedForAll = Math.max(pausedUntil, now + reply.pausedForMs)
    } else {
      if (reply) this.#members = Math.max(1, reply.members)
      this.#cutOff(then)
    }
    limiter.advance()
    this.#proceed(then)
  }

  /** While a grant is pending, nothing more is requested. */
  #sizeOf(lease: Lease, demand: Demand, recent: number, now: number): LeaseSize {
    if (this.#readyAt < Infinity && demand.first) {
      const held = lease.level(now) + lease.pending
      return { need: 0, want: Math.max(0, held), keep: Number.MAX_VALUE }
    }
    return leaseSize(lease.limit, demand, recent, this.#members)
  }

  #accept(
    reply: Reply,
    leases: readonly Lease[],
    sizes: readonly LeaseSize[],
    limiter: SharedLimiter,
    sentAt: number,
    now: number,
  ): void {
    const { epoch, members, readyInMs, pausedForMs, limits } = reply
    this.#epoch = epoch
    this.#members = Math.max(1, members)
    this.#isCutOff = false
    this.#expiresAt = sentAt + LEASE_MS
    this.#readyAt = readyInMs > 0 ? now + readyInMs : Infinity
    if (pausedForMs > 0) limiter.pause(sentAt + pausedForMs)
    for (const [index, lease] of leases.entries()) {
      const granted = limits[index]
      const size = sizes[index]
      // A limit of a header may have expired meanwhile.
      if (!granted || !size || this.#leases.get(lease.limit.kind) !== lease) continue
      lease.granted(granted, size, now + readyInMs, now)
    }
  }

  #cutOff(now: number): void {
    this.#isCutOff = true
    this.#expiresAt = Infinity
    this.#readyAt = Infinity
    for (const lease of this.#leases.values()) lease.cutOff(this.#members, now)
  }

  /** Redis has answered, too late: the next report is made at once, and counts what this reply has granted. */
  #cameLate(): void {
    const now = this.#limiter?.now()
    if (now === undefined) return
    this.#reportedAt = now - PROBE_MS
    this.#proceed(now)
  }

  #wakeAt(atMs: number, now: number): void {
    if (atMs !== this.#timerAt) {
      clearTimeout(this.#timer)
      this.#timerAt = atMs
      this.#timer =
        atMs === Infinity ? undefined : setTimeout(() => this.#wake(), Math.max(0, Math.ceil(atMs - now)))
      this.#timer?.unref()
    }
    // A request that waits keeps the process alive; a lease does not.
    if (this.#limiter?.first()) this.#timer?.ref()
  }

  #wake(): void {
    const limiter = this.#limiter
    if (!limiter) return
    this.#timerAt = Infinity
    const now = limiter.now()
    this.tick(now)
    if (this.#readyAt <= now) {
      this.#readyAt = Infinity
      for (const lease of this.#leases.values()) lease.pour(now)
      limiter.advance()
    }
    this.#proceed(now)
  }
}
