import type { SpendLimit } from '../options/spend-limit-options.ts'

/** The maximum number of values of labels whose money is counted. A pot is never merged with another one, and never dropped in its period. */
export const MAX_POTS = 100_000

const HOUR_MS = 3_600_000
const LENGTH_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, total: Infinity } as const

/** The money that one value of a label, or all calls together, have spent and reserved in one period. */
export class Pot {
  readonly value: string
  spentUsd = 0
  reservedUsd = 0
  /** The number of reservations that have not ended. */
  open = 0

  constructor(value: string) {
    this.value = value
  }
}

/** The pots of all limits of one kind, in their current period. */
interface Shelf {
  /** When the period ends, in milliseconds since the epoch. All pots are forgotten together then. */
  readonly endsAt: number
  /** Whether there is a pot for each value of a label, so that the number of pots is bounded. */
  readonly isByLabel: boolean
  readonly pots: Map<string, Pot>
}

/** Returns when the current period of a limit ends, in milliseconds since the epoch. Infinity for a limit without periods. */
export function periodEnd({ options: { per } }: SpendLimit, now: number): number {
  const length = LENGTH_MS[per]
  return length === Infinity ? Infinity : (Math.floor(now / length) + 1) * length
}

/** The pots of the current periods. A pot exists only while it has something to count. */
export class Pots {
  /** By the kind of the limits. */
  readonly #shelves = new Map<string, Shelf>()
  /** The number of pots for values of labels. */
  #count = 0

  /** Returns the pot of a value; undefined if nothing is spent or reserved in the current period. */
  find(limit: SpendLimit, value: string, now: number): Pot | undefined {
    return this.#shelf(limit, now)?.pots.get(value)
  }

  /** Returns all pots of a limit in its current period. */
  all(limit: SpendLimit, now: number): Iterable<Pot> {
    return this.#shelf(limit, now)?.pots.values() ?? []
  }

  /** Whether there is room for this number of additional pots for values of labels. */
  hasRoom(more: number, now: number): boolean {
    if (this.#count + more <= MAX_POTS) return true
    for (const [kind, shelf] of this.#shelves) if (shelf.endsAt <= now) this.#forget(kind, shelf)
    return this.#count + more <= MAX_POTS
  }

  /** Returns the pot of a value. Creates it if it does not exist. */
  open(limit: SpendLimit, value: string, now: number): Pot {
    let shelf = this.#shelf(limit, now)
    if (!shelf) {
      const isByLabel = limit.options.by !== undefined
      shelf = { endsAt: periodEnd(limit, now), isByLabel, pots: new Map() }
      this.#shelves.set(limit.kind, shelf)
    }
    let pot = shelf.pots.get(value)
    if (!pot) {
      pot = new Pot(value)
      shelf.pots.set(value, pot)
      if (shelf.isByLabel) this.#count++
    }
    return pot
  }

  /** Drops a pot that has nothing to count any more. Does nothing if its period is over, because it was forgotten then. */
  drop({ kind }: SpendLimit, pot: Pot): void {
    const shelf = this.#shelves.get(kind)
    if (shelf?.pots.get(pot.value) !== pot) return
    shelf.pots.delete(pot.value)
    if (shelf.isByLabel) this.#count--
    if (shelf.pots.size === 0) this.#shelves.delete(kind)
  }

  /** Returns the pots of a limit, or forgets them if their period is over. A clock that goes back starts no new period. */
  #shelf({ kind }: SpendLimit, now: number): Shelf | undefined {
    const shelf = this.#shelves.get(kind)
    if (!shelf || shelf.endsAt > now) return shelf
    this.#forget(kind, shelf)
    return undefined
  }

  #forget(kind: string, { isByLabel, pots }: Shelf): void {
    this.#shelves.delete(kind)
    if (isByLabel) this.#count -= pots.size
  }
}
