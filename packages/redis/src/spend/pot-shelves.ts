import { createHash } from 'node:crypto'
import type { FleetPot } from '../fleet/contracts.ts'
import { MoneyPot } from './money-pot.ts'
import { nextPeriod } from './period.ts'

/** The maximum number of values of labels whose money this process has spent, as without a fleet. A pot is never merged with another one. */
const MAX_POTS = 100_000
/** The minimum time between two searches for pots that can be forgotten, in milliseconds. */
const SWEEP_MS = 1_000

/** The pots that this process has used, in their current periods. */
export class PotShelves {
  /** By kind, and then by value. */
  readonly #shelves = new Map<string, Map<string, MoneyPot>>()
  readonly #tag: string
  /** The number of pots for values of labels. */
  #count = 0
  #sweptAt = -Infinity
  /** The time of the server minus that of the clock of this process; undefined before the first reply. */
  #offset: number | undefined

  /** @param tag the beginning of all keys, which is their hash tag */
  constructor(tag: string) {
    this.#tag = tag
  }

  /** Learns the time of the server, in milliseconds since the epoch. */
  setTime(serverNow: number): void {
    this.#offset = serverNow - performance.now()
  }

  /** Returns when the current period of a pot ends, in milliseconds since the epoch; Infinity without periods. */
  endOf(given: FleetPot): number {
    return this.find(given)?.endsAt ?? nextPeriod(given.per, this.#now())
  }

  /** Returns a pot; undefined if it was not used in the current period. @param now as of `performance.now()` */
  find({ kind, value }: FleetPot, now = performance.now()): MoneyPot | undefined {
    const pot = this.#shelves.get(kind)?.get(value)
    return pot && pot.endsAt > this.#serverTime(now) ? pot : undefined
  }

  /** Returns a pot, or begins it. Returns undefined if there is no room for another one. */
  open(given: FleetPot, now?: number): MoneyPot | undefined {
    const known = this.find(given, now)
    if (known) return known
    const { kind, value, isByLabel } = given
    let shelf = this.#shelves.get(kind)
    if (!shelf) this.#shelves.set(kind, (shelf = new Map<string, MoneyPot>()))
    if (isByLabel && !shelf.has(value)) {
      if (this.#count >= MAX_POTS) this.#sweep()
      if (this.#count >= MAX_POTS) return undefined
      this.#count++
    }
    return this.renew(given)
  }

  /** Begins a pot again, because its period is over. What was reserved in the old one is settled there. */
  renew({ kind, value, per, isByLabel }: Omit<FleetPot, 'usd'>): MoneyPot {
    const key = `${this.#tag}:${createHash('sha256').update(`${kind}\0${value}`).digest('base64url').slice(0, 32)}`
    const pot = new MoneyPot({ kind, value, per, isByLabel }, key, this.#now())
    this.#shelves.get(kind)?.set(value, pot)
    return pot
  }

  /** Returns the values for which something is spent or reserved, as far as it is known. */
  *values(kind: string): Iterable<string> {
    const now = this.#now()
    for (const pot of this.#shelves.get(kind)?.values() ?? [])
      if (pot.endsAt > now && pot.usedUsd + pot.reservedUsd > 0) yield pot.value
  }

  #now(): number {
    return this.#serverTime(performance.now())
  }

  #serverTime(now: number): number {
    return this.#offset === undefined ? Date.now() : now + this.#offset
  }

  /** Forgets the pots whose period is over, and those of which this process has nothing. */
  #sweep(): void {
    const monotonic = performance.now()
    if (monotonic - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = monotonic
    const now = this.#now()
    for (const shelf of this.#shelves.values()) {
      for (const [value, pot] of shelf) {
        if (!pot.isByLabel || (pot.endsAt > now && !pot.isForgettable)) continue
        shelf.delete(value)
        this.#count--
      }
    }
  }
}
