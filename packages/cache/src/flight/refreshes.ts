import { after } from '../base/wait-for.ts'
import type { CacheParts } from '../cache-parts.ts'
import type { Reason } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'
import { Flight } from './flight.ts'
import { fromLoad, type FlightResult } from './flight-result.ts'
import type { Flights } from './flights.ts'
import type { LoadRequest } from './load-request.ts'
import type { Loader } from './loader.ts'

/** Runs background refreshes of entries that were just served stale. */
export class Refreshes<Fresh> {
  readonly #parts: CacheParts
  readonly #flights: Flights<FlightResult<Fresh>>
  readonly #loader: Loader<Fresh>
  readonly #running = new Set<Flight<FlightResult<Fresh>>>()

  constructor(parts: CacheParts, flights: Flights<FlightResult<Fresh>>, loader: Loader<Fresh>) {
    this.#parts = parts
    this.#flights = flights
    this.#loader = loader
  }

  /**
   * Starts a background refresh, unless a load is already running or the last load failed recently.
   *
   * @param within the flight that found the stale entry, which does not count as a running load
   * @returns the reason to report for serving the stale entry
   */
  start(request: LoadRequest<Fresh>, entry: Entry, within: Flight<FlightResult<Fresh>> | undefined): Reason {
    const { settings, counters, failures } = this.#parts
    const { name } = request
    if (failures.backingOff(name)) return 'backing-off'
    const running = this.#flights.get(name, false)
    if (running && running !== within) return 'revalidating'
    counters.refreshes++
    const flight = new Flight<FlightResult<Fresh>>()
    flight.keepAlive()
    this.#flights.set(name, flight, true, request.tags)
    this.#running.add(flight)
    this.#limitTime(name, flight)
    flight.result.catch(settings.onError)
    const loading = this.#loader.load(request, flight, 'refresh', entry)
    flight.start(loading.then((fresh) => fromLoad(fresh, 'miss', 'expired')))
    return 'revalidating'
  }

  abort(reason: unknown): void {
    for (const flight of this.#running) flight.abort(reason)
  }

  /** Aborts a refresh after `refreshTimeoutMs`. A refresh has no caller whose timeout or signal could end it. */
  #limitTime(name: string, flight: Flight<FlightResult<Fresh>>): void {
    const { settings, counters, failures } = this.#parts
    const { refreshTimeoutMs } = settings
    const stop = after(refreshTimeoutMs, () => {
      const error = new DOMException(`a refresh may take ${refreshTimeoutMs} ms`, 'TimeoutError')
      counters.loadFailures++
      failures.add(name, error)
      flight.abort(error)
    })
    flight.onClose(() => {
      stop()
      this.#running.delete(flight)
    })
  }
}
