/**
 * The maximum number of names whose time of deletion is stored separately. Above it, one time counts for all names, so
 * entries that are still valid may become misses, too.
 */
const MAX_NAMES = 10_000

/**
 * Records which entries must not be served from the far tier, although the store may still hold them: those of names that were deleted or
 * overwritten while the store could not be reached. An entry is dead if its load began (`bornAt`) at or before the time recorded for its
 * name; entries loaded later are valid.
 */
export class Tombstones {
  readonly #diedAt = new Map<string, number>()
  /** Every entry whose load began at or before this time is dead, whatever its name. */
  #allUntil = -Infinity

  add(name: string, at: number): void {
    this.#diedAt.set(name, Math.max(at, this.#diedAt.get(name) ?? -Infinity))
    if (this.#diedAt.size <= MAX_NAMES) return
    // The latest time of all: names are not added in the order of their times.
    this.addAll([...this.#diedAt.values()].reduce((latest, each) => Math.max(latest, each), at))
  }

  addAll(at: number): void {
    this.#allUntil = Math.max(at, this.#allUntil)
    this.#diedAt.clear()
  }

  /** Removes a name that the store has deleted. @param at when the deletion was recorded; a later record stays */
  delete(name: string, at: number): void {
    if (this.#diedAt.get(name) === at) this.#diedAt.delete(name)
  }

  /** Removes a name if an entry born at `bornAt`, which is later than the recorded time, has replaced the dead entry. */
  deleteBefore(name: string, bornAt: number): void {
    if ((this.#diedAt.get(name) ?? Infinity) < bornAt) this.#diedAt.delete(name)
  }

  /** Whether this is the time recorded for the name. */
  has(name: string, at: number): boolean {
    return this.#diedAt.get(name) === at
  }

  /** Whether an entry of this name that was born at `bornAt` is dead. */
  covers(name: string, bornAt: number): boolean {
    return bornAt <= this.#allUntil || bornAt <= (this.#diedAt.get(name) ?? -Infinity)
  }

  /** The names that the store has not deleted yet, each with the recorded time. */
  entries(): [name: string, at: number][] {
    return [...this.#diedAt]
  }

  get size(): number {
    return this.#diedAt.size
  }
}
