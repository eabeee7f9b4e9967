import { randomUUID } from 'node:crypto'
import type { TimedScript } from '../client/timed-script.ts'
import { argumentsOf, PRESENCE_MS, replyOf, type Reply } from './grant-wire.ts'
import type { MoneyPot, Need } from './money-pot.ts'

/** After this time without a report, in milliseconds, what a process has leased returns to the others. */
const LEASE_MS = 2_000
/** The minimum time between a report and the next one for calls that wait, in milliseconds. */
const MIN_ASK_MS = 5
/** While Redis does not answer as it should, it is tried this often, in milliseconds. */
const RETRY_MS = 250
/** For how long calls wait for the first reply of all if Redis is slow, in milliseconds. */
const FIRST_REPLY_MS = 1_000
/** The maximum number of pots in a report, so that Redis is not blocked for long. */
const MAX_REPORTED = 64
/** A report that is sent anyway includes pots that are due later, up to this number. */
const MIN_REPORTED = 8

/** What the reports are made for. */
export interface ReportHost {
  /** Returns what waiting calls need, the pots of those that wait longest first. */
  needs(): Map<MoneyPot, Need>
  /** Takes over a reply about these pots. */
  accept(pots: readonly MoneyPot[], reply: Reply, sentAt: number): void
  /** Called after a reply, and after a report that failed. */
  advance(now: number): void
}

/**
 * The reports of one process about the pots that it uses. One is in flight at a time, and none is sent while there is nothing to say:
 *
 *     connected ──report failed or late──► cut off
 *         ▲                                   │
 *         └────────── a report succeeded ─────┘ (when Redis answers again, or every 250 ms while there are calls)
 */
export class MoneyReports {
  readonly #script: TimedScript
  readonly #seenKey: string
  readonly #host: ReportHost
  readonly #member = randomUUID()
  /** The pots that have something to report. */
  readonly #active = new Set<MoneyPot>()
  #running: Promise<void> | undefined
  #isCutOff = false
  #closedAt = Infinity
  #reportedAt = -Infinity
  /** When calls that wait need a report. */
  #askAt = Infinity
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity
  #members = { count: 1, atMs: -Infinity }

  constructor(script: TimedScript, seenKey: string, host: ReportHost) {
    this.#script = script
    this.#seenKey = seenKey
    this.#host = host
  }

  get #isClosed(): boolean {
    return this.#closedAt < Infinity
  }

  get isCutOff(): boolean {
    return this.#isCutOff
  }

  /**
   * Whether the first report of this process has no reply yet, but may still get one. Before it, the process knows nothing: neither what is spent, nor how
   * many members there are.
   */
  isFirstPending(now: number): boolean {
    return this.#members.atMs === -Infinity && this.#script.isBusy && now - this.#reportedAt < FIRST_REPLY_MS
  }

  /** The number of processes that used shared money lately, as far as this one knows. */
  get members(): number {
    return this.#members.count
  }

  /** Called when a pot was used, so that it is reported in time. */
  touch(pot: MoneyPot, now: number): void {
    this.#active.add(pot)
    this.#wakeAt(pot.dueAt(now), now)
  }

  /** Makes a report for calls that wait, at `atMs` at the latest. Calls of the same tick share it. */
  ask(atMs: number, now: number): void {
    const earliest = this.#isCutOff ? this.#reportedAt + RETRY_MS : this.#reportedAt + MIN_ASK_MS
    this.#askAt = Math.min(this.#askAt, Math.max(atMs, earliest))
    this.#wakeAt(this.#askAt, now)
    // A call that waits keeps the process alive; a lease does not.
    this.#timer?.ref()
  }

  /** Called when Redis answers again: what was spent meanwhile is reported. */
  recovered(): void {
    if (this.#isCutOff) this.#start()
  }

  /** Reports the rest, and returns all leases. */
  async close(): Promise<void> {
    this.#closedAt = performance.now()
    clearTimeout(this.#timer)
    await this.#running
    for (let left = this.#active.size; left > 0 && !this.#isCutOff; left -= MAX_REPORTED) await this.#report()
    this.#isCutOff = true
    this.#host.advance(performance.now())
  }

  /** Makes a report, unless one is in flight, or Redis has not answered the last one: the next one follows it then. */
  #start(): void {
    if (this.#running || this.#isClosed || this.#script.isBusy) return
    this.#timerAt = Infinity
    clearTimeout(this.#timer)
    this.#running = Promise.resolve().then(async () => {
      await this.#report()
      this.#running = undefined
      this.#host.advance(performance.now())
      this.#schedule()
    })
  }

  async #report(): Promise<void> {
    const now = performance.now()
    this.#askAt = Infinity
    this.#reportedAt = now
    const needs = this.#host.needs()
    const pots = this.#toReport(needs, now)
    if (pots.length === 0) return
    const asks = pots.map((pot) => pot.report(needs.get(pot) ?? NO_NEED, this.#isClosed, now))
    const keys = [this.#seenKey, ...pots.map(({ key }) => key)]
    const args = argumentsOf(this.#member, LEASE_MS, asks)
    const texts = await this.#script.run(keys, args, (late) => this.#cameLate(pots, late, now))
    this.#isCutOff = !this.#accept(pots, texts, now)
  }

  /** Takes over a reply. Returns whether it is one. */
  #accept(pots: readonly MoneyPot[], texts: readonly string[] | undefined, sentAt: number): boolean {
    const reply = texts && replyOf(texts, pots.length)
    if (!reply) return false
    this.#countMembers(reply.members)
    this.#host.accept(pots, reply, sentAt)
    return true
  }

  /** A late reply says as much as another one: Redis has counted the report, and has granted what it says. */
  #cameLate(pots: readonly MoneyPot[], texts: readonly string[] | undefined, sentAt: number): void {
    if (this.#running || !this.#accept(pots, texts, sentAt)) return
    this.#isCutOff = false
    this.#host.advance(performance.now())
    this.#schedule()
  }

  /** Returns the pots of the next report: those of waiting calls, those that are due, and a few others with news. */
  #toReport(needs: ReadonlyMap<MoneyPot, Need>, now: number): MoneyPot[] {
    const pots = new Set<MoneyPot>()
    for (const pot of needs.keys()) if (pots.size < MAX_REPORTED) pots.add(pot)
    const later: MoneyPot[] = []
    for (const pot of this.#active) {
      const at = pot.dueAt(now)
      if (at === Infinity) this.#active.delete(pot)
      else if (this.#isClosed ? pot.reportedAt >= this.#closedAt : at > now) later.push(pot)
      else if (pots.size < MAX_REPORTED) pots.add(pot)
    }
    if (!this.#isClosed) for (const pot of later) if (pots.size < MIN_REPORTED) pots.add(pot)
    return [...pots]
  }

  /** After Redis has lost its data, members are seen again one after the other, so a lower number counts only later. */
  #countMembers(count: number): void {
    const now = performance.now()
    if (count < this.#members.count && now - this.#members.atMs < PRESENCE_MS) return
    this.#members = { count, atMs: now }
  }

  /** Sets the timer for the next report. */
  #schedule(): void {
    const now = performance.now()
    let at = this.#askAt
    for (const pot of this.#active) {
      const due = pot.dueAt(now)
      if (due === Infinity) this.#active.delete(pot)
      at = Math.min(at, due)
    }
    this.#wakeAt(at, now)
  }

  #wakeAt(atMs: number, now: number): void {
    if (atMs >= this.#timerAt || this.#running || this.#isClosed) return
    if (this.#isCutOff && this.#script.isDown) return
    // While cut off, Redis is tried from time to time.
    const earliest = this.#isCutOff ? Math.max(atMs, this.#reportedAt + RETRY_MS) : atMs
    if (earliest <= now) {
      this.#start()
      return
    }
    clearTimeout(this.#timer)
    this.#timerAt = earliest
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Infinity
        this.#start()
      },
      Math.ceil(earliest - now),
    )
    this.#timer.unref()
  }
}

const NO_NEED: Need = { usd: 0, least: 0, limit: 0 }
