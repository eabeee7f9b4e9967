import type { Flight } from './flight.ts'

/** What is under way, by name: those who come later join. It is no part of any tier, so eviction touches nothing here. */
export class Flights<T> {
  readonly #byName = new Map<string, Entry<T>>()

  get size(): number {
    return this.#byName.size
  }

  /** @param refresh only one that did not look into the cache first will do */
  get(name: string, refresh: boolean): Flight<T> | undefined {
    const entry = this.#byName.get(name)
    if (entry === undefined || entry.flight.closed || (refresh && !entry.refresh)) return undefined
    return entry.flight
  }

  set(name: string, flight: Flight<T>, refresh: boolean, tags: readonly string[]): void {
    this.#byName.set(name, { flight, refresh, tags })
  }

  /** It goes on for those who wait for it, but nobody joins. */
  detach(name: string, flight?: Flight<T>): void {
    if (flight === undefined || this.#byName.get(name)?.flight === flight) this.#byName.delete(name)
  }

  /** Nothing more comes of it. */
  end(name: string, flight: Flight<T>): void {
    this.detach(name, flight)
    flight.end()
  }

  detachTag(tag: string): void {
    for (const [name, { tags }] of this.#byName) if (tags.includes(tag)) this.#byName.delete(name)
  }

  detachPrefix(prefix: string): void {
    for (const name of this.#byName.keys()) if (name.startsWith(prefix)) this.#byName.delete(name)
  }
}

interface Entry<T> {
  readonly flight: Flight<T>
  /** It asks the origin, whatever the cache holds. */
  readonly refresh: boolean
  readonly tags: readonly string[]
}
