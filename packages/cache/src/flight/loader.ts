import type { CacheParts } from '../cache-parts.ts'
import type { Entry } from '../tiers/entry.ts'
import type { InvalidationWatch } from '../tiers/invalidations.ts'
import type { Flight } from './flight.ts'
import type { FlightResult } from './flight-result.ts'
import type { Flights } from './flights.ts'
import type { LoadRequest, Purpose } from './load-request.ts'

/** Runs loads, counts them, and records their failures. */
export class Loader<Fresh> {
  readonly #parts: CacheParts
  readonly #flights: Flights<FlightResult<Fresh>>

  constructor(parts: CacheParts, flights: Flights<FlightResult<Fresh>>) {
    this.#parts = parts
    this.#flights = flights
  }

  /** Runs the load of a request. @param stale the stale entry that is still in the cache, if there is one */
  async load(
    request: LoadRequest<Fresh>,
    flight: Flight<FlightResult<Fresh>>,
    purpose: Purpose,
    stale?: Entry,
  ): Promise<Fresh> {
    const { counters, invalidations, failures, activeLoads, settings } = this.#parts
    const { name } = request
    const watch = invalidations.watch(name)
    flight.onClose(() => watch.end())
    counters.loads++
    if (purpose === 'call' || purpose === 'bypass') {
      activeLoads.begin()
      flight.onClose(() => activeLoads.end())
    }
    const detach = (): void => this.#flights.detach(name, flight)
    const end = (): void => this.#flights.end(name, flight)
    const bornAt = settings.clock.now()
    try {
      const fresh = await request.load({ flight, watch, bornAt, stale, purpose, detach, end })
      if (purpose !== 'bypass') failures.delete(name)
      return fresh
    } catch (error) {
      if (!flight.signal.aborted) this.#failed(error, watch, purpose, request)
      end()
      throw error
    }
  }

  #failed(
    error: unknown,
    watch: InvalidationWatch,
    purpose: Purpose,
    { rememberFailureIf }: LoadRequest<Fresh>,
  ): void {
    const { counters, failures } = this.#parts
    counters.loadFailures++
    // If the entry was deleted during the load, the next call loads again instead of getting this error.
    if (purpose === 'bypass' || watch.isInvalidated([])) return
    if (!rememberFailureIf || failures.counts(error, rememberFailureIf)) failures.add(watch.name, error)
  }
}
