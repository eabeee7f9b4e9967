import type { Flight } from './flight.ts'

/**
 * The loads in flight by name, for later callers to join. They are held apart from the near tier, so that evictions do not affect them.
 *
 * The map holds positions in an array instead of the flights themselves, so that no flight stays in memory through an old table of the map:
 * see docs/decisions/young-generation.md.
 */
export class Flights<T> {
  readonly #positions = new Map<string, number>()
  readonly #entries: (Entry<T> | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#positions.size
  }

  /**
   * Returns the flight of this name that a caller can join.
   *
   * @param refresh whether to return only a flight that loads without reading the cache first
   */
  get(name: string, refresh: boolean): Flight<T> | undefined {
    const entry = this.#entryOf(name)
    if (entry === undefined || entry.flight.closed || (refresh && !entry.refresh)) return undefined
    return entry.flight
  }

  set(name: string, flight: Flight<T>, refresh: boolean, tags: readonly string[]): void {
    const position = this.#positions.get(name) ?? this.#free.pop() ?? this.#entries.length
    this.#positions.set(name, position)
    this.#entries[position] = { flight, refresh, tags }
  }

  /**
   * Removes the flight of this name, so that no further caller joins it. It goes on for the callers that already wait for it.
   *
   * @param flight if passed, only this flight is removed, and not a later one of the same name
   */
  detach(name: string, flight?: Flight<T>): void {
    const position = this.#positions.get(name)
    if (position === undefined || (flight !== undefined && this.#entries[position]?.flight !== flight)) return
    this.#positions.delete(name)
    this.#entries[position] = undefined
    this.#free.push(position)
  }

  /** Removes the flight, and marks it as ended. */
  end(name: string, flight: Flight<T>): void {
    this.detach(name, flight)
    flight.end()
  }

  detachTag(tag: string): void {
    for (const name of this.#positions.keys()) if (this.#entryOf(name)?.tags.includes(tag)) this.detach(name)
  }

  detachPrefix(prefix: string): void {
    for (const name of this.#positions.keys()) if (name.startsWith(prefix)) this.detach(name)
  }

  #entryOf(name: string): Entry<T> | undefined {
    const position = this.#positions.get(name)
    return position === undefined ? undefined : this.#entries[position]
  }
}

interface Entry<T> {
  readonly flight: Flight<T>
  /** Whether the flight loads without reading the cache first. */
  readonly refresh: boolean
  readonly tags: readonly string[]
}
