import type { Flights } from './flights.ts'

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
  readonly #watches = new Set<LiveWatch>()
  readonly #flights: Pick<Flights<unknown>, 'detach' | 'detachTag' | 'detachPrefix'>[] = []

  /** From now on these are told, too. */
  tell<T>(flights: Flights<T>): void {
    this.#flights.push(flights)
  }

  watch(name: string): Watch {
    const watch = new LiveWatch(name, () => this.#watches.delete(watch))
    this.#watches.add(watch)
    return watch
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

class LiveWatch implements Watch {
  readonly name: string
  readonly end: () => void
  dead = false
  tags: Set<string> | undefined

  constructor(name: string, end: () => void) {
    this.name = name
    this.end = end
  }

  forbids(tags: readonly string[]): boolean {
    return this.dead || tags.some((tag) => this.tags?.has(tag))
  }
}
