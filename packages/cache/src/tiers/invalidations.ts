/** Knows whether what is being loaded or read was invalidated meanwhile. */
export interface Watch {
  readonly name: string
  /** Whether an answer with these tags must not be kept. */
  forbids(tags: readonly string[]): boolean
  /** Stops watching. */
  end(): void
}

/**
 * Tells those who are loading or reading that what they will bring is already out of date. Loads go on for those who wait for
 * them, and nobody joins them any more.
 */
export class Invalidations {
  /** No Set, since one that is written to at every call keeps what it held alive: see `Flights`. */
  readonly #watches: LiveWatch[] = []
  readonly #flights: Detachable[] = []

  /** From now on these are told, too. */
  tell(flights: Detachable): void {
    this.#flights.push(flights)
  }

  watch(name: string): Watch {
    return new LiveWatch(name, this.#watches)
  }

  name(name: string): void {
    for (const watch of this.#watches) if (watch.name === name) watch.dead = true
    for (const flights of this.#flights) flights.detach(name)
  }

  tag(tag: string): void {
    for (const watch of this.#watches) (watch.tags ??= new Set()).add(tag)
    for (const flights of this.#flights) flights.detachTag(tag)
  }

  prefix(prefix: string): void {
    for (const watch of this.#watches) if (watch.name.startsWith(prefix)) watch.dead = true
    for (const flights of this.#flights) flights.detachPrefix(prefix)
  }
}

/** Who knows of what is under way. */
interface Detachable {
  detach(name: string): void
  detachTag(tag: string): void
  detachPrefix(prefix: string): void
}

class LiveWatch implements Watch {
  readonly name: string
  dead = false
  tags: Set<string> | undefined
  readonly #all: LiveWatch[]
  #place: number

  /** @param all those that are told; this one is among them until it ends */
  constructor(name: string, all: LiveWatch[]) {
    this.name = name
    this.#all = all
    this.#place = all.push(this) - 1
  }

  forbids(tags: readonly string[]): boolean {
    return this.dead || tags.some((tag) => this.tags?.has(tag))
  }

  /** The last one takes its place. */
  end(): void {
    if (this.#all[this.#place] !== this) return
    const last = this.#all.pop()
    if (!last || last === this) return
    this.#all[this.#place] = last
    last.#place = this.#place
  }
}
