/** Above this the memory is one moment for all names, and some entries that were fine are misses. */
const MOST_NAMES = 10_000

/**
 * What must not be served from the far tier although it may still be there: names that were deleted, or written anew, when the
 * tier could not be told. It says what is dead by when it was born, so what is stored later lives.
 */
export class Tombstones {
  readonly #diedAt = new Map<string, number>()
  /** Everything born until then is dead. */
  #allUntil = -Infinity

  add(name: string, at: number): void {
    this.#diedAt.set(name, Math.max(at, this.#diedAt.get(name) ?? -Infinity))
    if (this.#diedAt.size > MOST_NAMES) this.addAll(at)
  }

  addAll(at: number): void {
    this.#allUntil = Math.max(at, this.#allUntil)
    this.#diedAt.clear()
  }

  /** The tier was told. @param at only if nothing happened since then */
  delete(name: string, at: number): void {
    if (this.#diedAt.get(name) === at) this.#diedAt.delete(name)
  }

  /** Something newer has taken the place of what was dead. */
  deleteBefore(name: string, bornAt: number): void {
    if ((this.#diedAt.get(name) ?? Infinity) < bornAt) this.#diedAt.delete(name)
  }

  has(name: string, at: number): boolean {
    return this.#diedAt.get(name) === at
  }

  covers(name: string, bornAt: number): boolean {
    return bornAt <= this.#allUntil || bornAt <= (this.#diedAt.get(name) ?? -Infinity)
  }

  /** The names that the tier has not been told of, and since when. */
  entries(): [name: string, at: number][] {
    return [...this.#diedAt]
  }

  get size(): number {
    return this.#diedAt.size
  }
}
