import type { Flight } from './flight.ts'

/**
 * What is under way, by name: those who come later join. It is no part of any tier, so eviction touches nothing here.
 *
 * The map holds places and not flights. A map that is written to at every call is made anew every few calls, and V8 links what it
 * was to what it becomes: until the next full collection, all that was ever in it would live on.
 */
export class Flights<T> {
  readonly #places = new Map<string, number>()
  readonly #entries: (Entry<T> | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#places.size
  }

  /** @param refresh only one that did not look into the cache first will do */
  get(name: string, refresh: boolean): Flight<T> | undefined {
    const entry = this.#entryOf(name)
    if (entry === undefined || entry.flight.closed || (refresh && !entry.refresh)) return undefined
    return entry.flight
  }

  set(name: string, flight: Flight<T>, refresh: boolean, tags: readonly string[]): void {
    const place = this.#places.get(name) ?? this.#free.pop() ?? this.#entries.length
    this.#places.set(name, place)
    this.#entries[place] = { flight, refresh, tags }
  }

  /** It goes on for those who wait for it, but nobody joins. */
  detach(name: string, flight?: Flight<T>): void {
    const place = this.#places.get(name)
    if (place === undefined || (flight !== undefined && this.#entries[place]?.flight !== flight)) return
    this.#places.delete(name)
    this.#entries[place] = undefined
    this.#free.push(place)
  }

  /** Nothing more comes of it. */
  end(name: string, flight: Flight<T>): void {
    this.detach(name, flight)
    flight.end()
  }

  detachTag(tag: string): void {
    for (const name of this.#places.keys()) if (this.#entryOf(name)?.tags.includes(tag)) this.detach(name)
  }

  detachPrefix(prefix: string): void {
    for (const name of this.#places.keys()) if (name.startsWith(prefix)) this.detach(name)
  }

  #entryOf(name: string): Entry<T> | undefined {
    const place = this.#places.get(name)
    return place === undefined ? undefined : this.#entries[place]
  }
}

interface Entry<T> {
  readonly flight: Flight<T>
  /** It asks the origin, whatever the cache holds. */
  readonly refresh: boolean
  readonly tags: readonly string[]
}
