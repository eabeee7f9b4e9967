const SLOT_MS = 10_000
/** The minimum time over which a rate is computed, in milliseconds. */
const MIN_ELAPSED_MS = 100
/** The time in which the stored best rate decays by half, in milliseconds. */
const HALF_LIFE_MS = 600_000

/**
 * Measures the current rate of events, over the current slot of ten seconds and the slot before it. After a slot in which no method was called, only
 * the current slot counts.
 */
export class RecentRate {
  #slotAt: number
  #count = 0
  /** The number of events in the slot before; undefined at first, after `restart()`, and after a slot in which no method was called. */
  #previous: number | undefined
  #best = 0
  #bestAt: number

  constructor(now: number) {
    this.#slotAt = this.#bestAt = now
  }

  add(now: number): void {
    this.#advance(now)
    this.#count++
  }

  perMinute(now: number): number {
    this.#advance(now)
    const elapsed = now - this.#slotAt + (this.#previous === undefined ? 0 : SLOT_MS)
    return ((this.#count + (this.#previous ?? 0)) * 60_000) / Math.max(elapsed, MIN_ELAPSED_MS)
  }

  /** Returns the best recent rate. A past rate decays with time. */
  best(now: number): number {
    return Math.max(this.perMinute(now), this.#best * 0.5 ** ((now - this.#bestAt) / HALF_LIFE_MS))
  }

  /** Starts a new slot at this time. The best rate is not reset. */
  restart(now: number): void {
    this.#remember(this.perMinute(now), now)
    this.#begin(now, undefined)
  }

  #advance(now: number): void {
    const elapsed = now - this.#slotAt
    if (elapsed < SLOT_MS) return
    this.#remember((this.#count * 60_000) / SLOT_MS, now)
    if (elapsed < 2 * SLOT_MS) this.#begin(this.#slotAt + SLOT_MS, this.#count)
    else this.#begin(now, undefined)
  }

  #begin(slotAt: number, previous: number | undefined): void {
    this.#slotAt = slotAt
    this.#previous = previous
    this.#count = 0
  }

  #remember(rate: number, now: number): void {
    const faded = this.#best * 0.5 ** ((now - this.#bestAt) / HALF_LIFE_MS)
    this.#best = Math.max(rate, faded)
    this.#bestAt = now
  }
}
