import { digestOf } from '../client/digest.ts'
import type { CooldownReport } from './board-wire.ts'

/** The maximum number of cooldowns, and of the names whose digests are remembered. */
const MAX_COOLDOWNS = 1_000
/** A cooldown that is longer than the known one by less than this is not reported, in milliseconds. */
const MIN_LONGER_MS = 100
/** The maximum number of cooldowns in one report. The others follow in the next one. */
const MAX_REPORTED = 100

/** The board, as the cooldowns see it. */
export interface BoardOfCooldowns {
  now(): number
  /** There is something to report at once. */
  urge(): void
}

/** The cooldowns that any member of the fleet has started. Those of this process are reported, and again if Redis has lost them. */
export class SharedCooldowns {
  readonly #board: BoardOfCooldowns
  /** When each cooldown ends, by digest. */
  readonly #until = new Map<string, number>()
  /** Those that this process has started. */
  readonly #own = new Map<string, number>()
  readonly #pending = new Set<string>()
  readonly #digests = new Map<string, string>()
  #latest = -Infinity

  constructor(board: BoardOfCooldowns) {
    this.#board = board
  }

  /** Whether no cooldown lasts. */
  get isEmpty(): boolean {
    return this.#latest <= this.#board.now()
  }

  get hasNews(): boolean {
    return this.#pending.size > 0
  }

  /**
   * Starts a cooldown for all members.
   * @param key what is in cooldown. It may contain a credential
   */
  start(key: string, ms: number): void {
    const digest = this.#digestOf(key)
    const until = this.#board.now() + ms
    if (until < (this.#until.get(digest) ?? -Infinity) + MIN_LONGER_MS) return
    this.#set(this.#own, digest, until)
    this.#keep(digest, until)
    this.#pending.add(digest)
    this.#board.urge()
  }

  /** Returns the time until a cooldown ends, in milliseconds; 0 if there is none. */
  remainingMs(key: string): number {
    if (this.isEmpty) return 0
    return Math.max(0, (this.#until.get(this.#digestOf(key)) ?? 0) - this.#board.now())
  }

  /** Returns what to report. What is returned counts as reported. */
  take(now: number): CooldownReport[] {
    const reports: CooldownReport[] = []
    for (const digest of this.#pending) {
      if (reports.length === MAX_REPORTED) break
      this.#pending.delete(digest)
      const ms = (this.#own.get(digest) ?? 0) - now
      if (ms > 0) reports.push({ digest, ms })
    }
    return reports
  }

  /** Takes back what Redis has not got. */
  takeBack(reports: readonly CooldownReport[]): void {
    for (const { digest } of reports) this.#pending.add(digest)
  }

  /** Redis has lost its state. */
  repeat(now: number): void {
    for (const [digest, until] of this.#own) {
      if (until > now) this.#pending.add(digest)
      else this.#own.delete(digest)
    }
  }

  apply({ digest, ms }: CooldownReport): void {
    this.#keep(digest, this.#board.now() + ms)
  }

  #keep(digest: string, until: number): void {
    this.#set(this.#until, digest, until)
    this.#latest = Math.max(this.#latest, until)
  }

  /** Sets an end in a map with a maximum size. The oldest entry makes room. */
  #set(map: Map<string, number>, digest: string, until: number): void {
    map.delete(digest)
    const [oldest] = map.keys()
    if (map.size >= MAX_COOLDOWNS && oldest !== undefined) map.delete(oldest)
    map.set(digest, until)
  }

  #digestOf(key: string): string {
    const known = this.#digests.get(key)
    if (known !== undefined) return known
    if (this.#digests.size >= MAX_COOLDOWNS) this.#digests.clear()
    const digest = digestOf(key)
    this.#digests.set(key, digest)
    return digest
  }
}
