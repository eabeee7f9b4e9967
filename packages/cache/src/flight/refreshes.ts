import { after } from '../base/after.ts'
import type { CacheParts } from '../cache-parts.ts'
import type { Reason } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'
import { Flight } from './flight.ts'
import type { Flights } from './flights.ts'
import { loaded, type Landing } from './flight-result.ts'
import type { Origin } from './loader.ts'
import type { Question } from './load-request.ts'

/** Loads in the background, for nobody yet: what they replace has just been served. */
export class Refreshes<Fresh> {
  readonly #parts: CacheParts
  readonly #flights: Flights<Landing<Fresh>>
  readonly #origin: Origin<Fresh>
  readonly #underWay = new Set<Flight<Landing<Fresh>>>()

  constructor(parts: CacheParts, flights: Flights<Landing<Fresh>>, origin: Origin<Fresh>) {
    this.#parts = parts
    this.#flights = flights
    this.#origin = origin
  }

  /**
   * Loads anew, unless somebody does, or that has just failed.
   *
   * @param within the flight that asks for it
   * @returns what the entry is served with
   */
  begin(question: Question<Fresh>, entry: Entry, within: Flight<Landing<Fresh>> | undefined): Reason {
    const { settings, counters, failures } = this.#parts
    const { name } = question
    if (failures.backingOff(name)) return 'backing-off'
    const running = this.#flights.get(name, false)
    if (running && running !== within) return 'revalidating'
    counters.refreshes++
    const flight = new Flight<Landing<Fresh>>()
    flight.hold()
    this.#flights.set(name, flight, true, question.tags)
    this.#underWay.add(flight)
    this.#limit(name, flight)
    flight.result.catch(settings.onError)
    const asked = this.#origin.ask(question, flight, 'refresh', entry)
    flight.depart(asked.then((fresh) => loaded(fresh, 'miss', 'expired')))
    return 'revalidating'
  }

  abort(reason: unknown): void {
    for (const flight of this.#underWay) flight.abort(reason)
  }

  /** Nobody waits for a refresh who could leave. */
  #limit(name: string, flight: Flight<Landing<Fresh>>): void {
    const { settings, counters, failures } = this.#parts
    const { refreshTimeoutMs } = settings
    const stop = after(refreshTimeoutMs, () => {
      const error = new DOMException(`a refresh may take ${refreshTimeoutMs} ms`, 'TimeoutError')
      counters.loadFailures++
      failures.add(name, error)
      flight.abort(error)
    })
    flight.afterwards(() => {
      stop()
      this.#underWay.delete(flight)
    })
  }
}
