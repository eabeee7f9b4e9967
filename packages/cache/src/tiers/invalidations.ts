/** Records whether a load, or a read of the far tier, is invalidated while it runs. */
export interface InvalidationWatch {
  readonly name: string
  /** Whether an answer with these tags must not be stored, because it was invalidated while the load or read ran. */
  isInvalidated(tags: readonly string[]): boolean
  /** Stops watching. */
  end(): void
}

/**
 * Applies invalidations of names, tags and scopes to the loads and far tier reads that are in progress. An invalidated load still finishes
 * for the callers that wait for it, but its answer is not stored, and no further caller joins it.
 */
export class Invalidations {
  /**
   * The watches that have not ended. They are in an array, since a Set would retain ended watches after a rehash: see
   * docs/decisions/young-generation.md.
   */
  readonly #watches: LiveWatch[] = []
  readonly #flights: Detachable[] = []

  /**
   * Registers a group of loads in progress. They are detached when their name, tag or scope is invalidated: no further caller joins them.
   */
  subscribe(flights: Detachable): void {
    this.#flights.push(flights)
  }

  watch(name: string): InvalidationWatch {
    return new LiveWatch(name, this.#watches)
  }

  invalidateName(name: string): void {
    for (const watch of this.#watches) if (watch.name === name) watch.dead = true
    for (const flights of this.#flights) flights.detach(name)
  }

  invalidateTag(tag: string): void {
    for (const watch of this.#watches) (watch.tags ??= new Set()).add(tag)
    for (const flights of this.#flights) flights.detachTag(tag)
  }

  invalidatePrefix(prefix: string): void {
    for (const watch of this.#watches) if (watch.name.startsWith(prefix)) watch.dead = true
    for (const flights of this.#flights) flights.detachPrefix(prefix)
  }
}

/** A group of loads in progress. Each can be joined by further callers until it is detached. */
interface Detachable {
  detach(name: string): void
  detachTag(tag: string): void
  detachPrefix(prefix: string): void
}

class LiveWatch implements InvalidationWatch {
  readonly name: string
  dead = false
  tags: Set<string> | undefined
  readonly #all: LiveWatch[]
  #position: number

  /** @param all the list of active watches. The new watch is added to it, and removed by `end()` */
  constructor(name: string, all: LiveWatch[]) {
    this.name = name
    this.#all = all
    this.#position = all.push(this) - 1
  }

  isInvalidated(tags: readonly string[]): boolean {
    return this.dead || tags.some((tag) => this.tags?.has(tag))
  }

  /** Removes this watch from the list. The last watch takes its position, so that no other watch moves. */
  end(): void {
    if (this.#all[this.#position] !== this) return
    const last = this.#all.pop()
    if (!last || last === this) return
    this.#all[this.#position] = last
    last.#position = this.#position
  }
}
