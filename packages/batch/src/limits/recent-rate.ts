const SLOT_MS = 10_000
/** Fewer milliseconds say nothing about a minute. */
const SHORTEST_MS = 100
/** In which time the memory of the best rate fades by half. */
const HALF_LIFE_MS = 600_000

/** How often something happened lately, from two slots of ten seconds. Idle hours before do not count. */
export class RecentRate {
  #slotAt: number
  #count = 0
  /** Of the slot before, if it was the neighbour of this one. */
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
    return ((this.#count + (this.#previous ?? 0)) * 60_000) / Math.max(elapsed, SHORTEST_MS)
  }

  /** The best of the last minutes, the older the less. */
  best(now: number): number {
    return Math.max(this.perMinute(now), this.#best * 0.5 ** ((now - this.#bestAt) / HALF_LIFE_MS))
  }

  /** Counts from here; the best is remembered. */
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
