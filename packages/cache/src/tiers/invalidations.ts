/** Watches whether a load, or a read of the far tier, is invalidated while it runs. */
export interface InvalidationWatch {
  readonly name: string
  /** Whether an answer with these tags must not be stored. */
  isInvalidated(tags: readonly string[]): boolean
  /** Stops watching. */
  end(): void
}

/**
 * Marks loads and far tier reads in progress as out of date when their name, tag or scope is invalidated. A marked load
 * still finishes for the callers that wait for it, but its answer is not stored, and no further caller joins it.
 */
export class Invalidations {
  /** An array instead of a Set, which would retain watches after a rehash: see docs/decisions/young-generation.md. */
  readonly #watches: LiveWatch[] = []
  readonly #flights: Detachable[] = []

  /** Registers flights, which from now on are detached when their name, tag or scope is invalidated. */
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

/** Loads in flight, which callers can join until they are detached. */
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

  /** @param all the list of active watches; this one is in it until it ends */
  constructor(name: string, all: LiveWatch[]) {
    this.name = name
    this.#all = all
    this.#position = all.push(this) - 1
  }

  isInvalidated(tags: readonly string[]): boolean {
    return this.dead || tags.some((tag) => this.tags?.has(tag))
  }

  /** Removes this watch from the list, by moving the last watch to its position. */
  end(): void {
    if (this.#all[this.#position] !== this) return
    const last = this.#all.pop()
    if (!last || last === this) return
    this.#all[this.#position] = last
    last.#position = this.#position
  }
}
