/**
 * The maximum number of names with a time of their own. If there are more, the latest time is used for all names, so entries that are still
 * valid may become misses, too.
 */
const MAX_NAMES = 10_000

/**
 * Records which entries of the far tier must not be served: those that were deleted or replaced while the store could not be reached, and
 * that the store may still hold. For each name, it records the time of the deletion. An entry is dead if its load began (`bornAt`) at or
 * before that time. An entry whose load began later is valid.
 */
export class Tombstones {
  readonly #diedAt = new Map<string, number>()
  /** A time that counts for all names: every entry whose load began at or before it is dead. */
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

  /**
   * Removes the record of a name after the store has deleted its entry. @param at the recorded time; a later record of the name is not
   * removed
   */
  delete(name: string, at: number): void {
    if (this.#diedAt.get(name) === at) this.#diedAt.delete(name)
  }

  /**
   * Removes the record of a name after a newer entry has replaced the dead one. @param bornAt when the load of the newer entry began; a
   * record of this time or later is not removed
   */
  deleteBefore(name: string, bornAt: number): void {
    if ((this.#diedAt.get(name) ?? Infinity) < bornAt) this.#diedAt.delete(name)
  }

  /** Whether `at` is the time recorded for the name. */
  has(name: string, at: number): boolean {
    return this.#diedAt.get(name) === at
  }

  /** Whether an entry with this name is dead. @param bornAt when the load of the entry began */
  covers(name: string, bornAt: number): boolean {
    return bornAt <= this.#allUntil || bornAt <= (this.#diedAt.get(name) ?? -Infinity)
  }

  /** Returns the recorded names, each with its time. */
  entries(): [name: string, at: number][] {
    return [...this.#diedAt]
  }

  get size(): number {
    return this.#diedAt.size
  }
}
