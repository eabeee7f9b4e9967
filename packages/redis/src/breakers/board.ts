import { randomUUID } from 'node:crypto'
import type { BreakerStore, SharedCircuit, StoreLink } from '@harbor/breaker'
import type { RedisConnection } from '../client/connection.ts'
import { digestOf } from '../client/digest.ts'
import { scriptOf, TimedScript } from '../client/timed-script.ts'
import { BOARD_SCRIPT } from './board-script.ts'
import {
  argumentsOf,
  replyOf,
  type BoardReply,
  type CooldownReport,
  type TargetReport,
} from './board-wire.ts'
import { CircuitLink } from './circuit-link.ts'
import { CircuitLinks } from './circuit-links.ts'
import { SharedCooldowns } from './shared-cooldowns.ts'

/** The version of the state. Another version has other keys, so that two versions of this package do not read each other's state. */
const VERSION = 1
/** A process that makes calls reports this often, in milliseconds. */
const REPORT_MS = 500
/** What a process knows is up to date for this time, in milliseconds. */
const FRESH_MS = 1_000
/** The minimum time between two reports, in milliseconds. */
const MIN_GAP_MS = 5

/**
 * What this process knows of the fleet's circuits and cooldowns. It reports what has happened here, and gets what has happened elsewhere: at once if
 * there is something to report, and every half second while calls are made. One report is in flight at a time. An idle process sends nothing.
 */
export class Board implements BreakerStore {
  readonly cooldowns = new SharedCooldowns(this)
  readonly #script: TimedScript
  readonly #key: string
  readonly #member = randomUUID()
  readonly #links = new CircuitLinks()
  #epoch = ''
  #version = 0
  #members = 1
  #isUsed = false
  #isUrgent = false
  #isClosed = false
  #reportedAt = -Infinity
  /** When Redis has answered last. */
  answeredAt = -Infinity
  /** Whether the right to probe is to be requested, or is being requested. */
  #asks: 'none' | 'pending' | 'sent' = 'none'
  #inFlight: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity

  /** @param prefix the beginning of all keys */
  constructor(connection: RedisConnection, prefix: string) {
    this.#script = new TimedScript(connection, SCRIPT)
    this.#key = `{${prefix}:circuits${VERSION}}`
  }

  /** The number of processes that have used the board lately, as far as this one knows. */
  get members(): number {
    return this.#members
  }

  get isDown(): boolean {
    return this.#isClosed || this.#script.isDown
  }

  now(): number {
    return performance.now()
  }

  attach(name: string, circuit: SharedCircuit): StoreLink {
    const link = new CircuitLink(this, digestOf(name), circuit)
    this.#links.add(link, this.now())
    return link
  }

  join(link: CircuitLink): void {
    // A circuit that had to make room follows again. It must not be changed before the call that uses it has begun.
    if (!this.#links.has(link)) queueMicrotask(() => this.#links.add(link, this.now()))
    this.touch()
  }

  /** Calls are made: reports are due. */
  touch(): void {
    if (this.#isUsed) return
    this.#isUsed = true
    this.#schedule()
  }

  urge(): void {
    this.#isUrgent = true
    this.#schedule()
  }

  askToProbe(): void {
    this.#asks = 'pending'
    this.urge()
  }

  /**
   * Brings what is known up to date before a call: after an idle time, and if a circuit needs the right to probe.
   * @returns a promise that resolves after the reply of Redis, or when the time for it is over; undefined if everything is up to date, or Redis cannot
   * be reached. Never rejects
   */
  refresh(): Promise<void> | undefined {
    this.touch()
    if (this.isDown || (this.#asks === 'none' && this.now() - this.answeredAt < FRESH_MS)) return undefined
    const start = (): Promise<void> | undefined => {
      this.#start()
      return this.#inFlight
    }
    return this.#asks === 'pending' && this.#inFlight ? this.#inFlight.then(start) : start()
  }

  /** Withdraws the votes of this process, and returns its right to probe. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    await this.#inFlight
    const canReport = this.answeredAt > -Infinity && !this.isDown && !this.#script.isBusy
    this.#isClosed = true
    clearTimeout(this.#timer)
    const reports = this.#links.leave()
    if (canReport) await this.#send(reports, [], true)
  }

  #dueAt(now: number): number {
    // While Redis is down, only calls lead to further attempts.
    if (this.#isUrgent && !this.isDown) return Math.max(now, this.#reportedAt + MIN_GAP_MS)
    if (!this.#isUsed && !this.#links.areProbing) return Infinity
    return this.#reportedAt + REPORT_MS
  }

  #schedule(): void {
    if (this.#isClosed || this.#inFlight || this.#script.isBusy) return
    const now = this.now()
    const dueAt = this.#dueAt(now)
    if (dueAt >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = dueAt
    // What happens in the same tick is one report.
    this.#timer = setTimeout(() => this.#start(), Math.max(0, Math.ceil(dueAt - now)))
    this.#timer.unref()
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timerAt = Infinity
    if (this.#isClosed || this.#inFlight || this.#script.isBusy) return
    this.#inFlight = this.#report().then(() => {
      this.#inFlight = undefined
      this.#schedule()
    })
  }

  async #report(): Promise<void> {
    const sentAt = this.now()
    this.#isUsed = this.#isUrgent = false
    if (this.#asks === 'pending') this.#asks = 'sent'
    const taken = this.#links.take(sentAt)
    const cooldowns = this.cooldowns.take(sentAt)
    this.#reportedAt = sentAt
    const reply = await this.#send([...taken.values()], cooldowns, false)
    if (this.#asks === 'sent') this.#asks = 'none'
    if (reply) {
      this.#accept(reply, sentAt)
      this.#isUrgent ||= this.cooldowns.hasNews || this.#links.haveNews
    } else {
      for (const [link, report] of taken) link.takeBack(report)
      this.cooldowns.takeBack(cooldowns)
      // While Redis is down, the next call, or its recovery, leads to the next report.
      this.#isUrgent = false
      this.#isUsed ||= !this.isDown
    }
  }

  async #send(
    targets: readonly TargetReport[],
    cooldowns: readonly CooldownReport[],
    isLeaving: boolean,
  ): Promise<BoardReply | undefined> {
    const key = this.#key
    const keys = ['state', 'changes', 'members', 'cooldowns'].map((name) => `${key}:${name}`)
    for (const { digest } of targets) keys.push(`${key}:callers:${digest}`, `${key}:votes:${digest}`)
    const about = { member: this.#member, epoch: this.#epoch, version: this.#version, isLeaving }
    const args = argumentsOf({ ...about, targets, cooldowns })
    const texts = await this.#script.run(keys, args, () => this.#schedule())
    return texts && replyOf(texts)
  }

  #accept(reply: BoardReply, sentAt: number): void {
    const { epoch, version, members, isPart, targets, cooldowns } = reply
    const now = this.now()
    this.answeredAt = now
    this.#version = version
    this.#members = Math.max(1, members)
    if (isPart) this.#isUrgent = true
    if (this.#epoch !== '' && epoch !== this.#epoch) {
      this.#links.repeat(now)
      this.cooldowns.repeat(now)
    }
    this.#epoch = epoch
    this.#links.apply(targets, sentAt, now)
    for (const cooldown of cooldowns) this.cooldowns.apply(cooldown)
  }
}

const SCRIPT = /* @__PURE__ */ scriptOf(BOARD_SCRIPT)
