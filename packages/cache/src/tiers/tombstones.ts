/** With more names than this, one time applies to all names, and some valid entries become misses. */
const MAX_NAMES = 10_000

/**
 * Entries that must not be served from the far tier although it may still hold them: names that were deleted or overwritten while the
 * store could not be reached. An entry is dead if it was born at or before the time recorded for its name, so later entries are valid.
 */
export class Tombstones {
  readonly #diedAt = new Map<string, number>()
  /** Every entry born until then is dead. */
  #allUntil = -Infinity

  add(name: string, at: number): void {
    this.#diedAt.set(name, Math.max(at, this.#diedAt.get(name) ?? -Infinity))
    if (this.#diedAt.size > MAX_NAMES) this.addAll(at)
  }

  addAll(at: number): void {
    this.#allUntil = Math.max(at, this.#allUntil)
    this.#diedAt.clear()
  }

  /** The store has deleted the name. @param at when the deletion was recorded; a later record stays */
  delete(name: string, at: number): void {
    if (this.#diedAt.get(name) === at) this.#diedAt.delete(name)
  }

  /** A newer entry has replaced the dead one. */
  deleteBefore(name: string, bornAt: number): void {
    if ((this.#diedAt.get(name) ?? Infinity) < bornAt) this.#diedAt.delete(name)
  }

  has(name: string, at: number): boolean {
    return this.#diedAt.get(name) === at
  }

  covers(name: string, bornAt: number): boolean {
    return bornAt <= this.#allUntil || bornAt <= (this.#diedAt.get(name) ?? -Infinity)
  }

  /** The names that the store has not deleted yet, and when they died. */
  entries(): [name: string, at: number][] {
    return [...this.#diedAt]
  }

  get size(): number {
    return this.#diedAt.size
  }
}
