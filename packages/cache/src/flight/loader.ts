import type { CacheParts } from '../cache-parts.ts'
import type { Entry } from '../tiers/entry.ts'
import type { Flight } from './flight.ts'
import type { Flights } from './flights.ts'
import type { Watch } from '../tiers/invalidations.ts'
import type { Landing } from './flight-result.ts'
import type { Purpose, Question } from './load-request.ts'

/** Where answers come from. It is asked by flights only; who asks is counted, and that it failed is remembered. */
export class Origin<Fresh> {
  readonly #parts: CacheParts
  readonly #flights: Flights<Landing<Fresh>>

  constructor(parts: CacheParts, flights: Flights<Landing<Fresh>>) {
    this.#parts = parts
    this.#flights = flights
  }

  /** @param stale what the cache still has */
  async ask(
    question: Question<Fresh>,
    flight: Flight<Landing<Fresh>>,
    purpose: Purpose,
    stale?: Entry,
  ): Promise<Fresh> {
    const { counters, invalidations, failures, traffic, settings } = this.#parts
    const { name } = question
    const watch = invalidations.watch(name)
    flight.afterwards(() => watch.end())
    counters.loads++
    if (purpose === 'call' || purpose === 'bypass') {
      traffic.begin()
      flight.afterwards(() => traffic.end())
    }
    const unlist = (): void => this.#flights.detach(name, flight)
    const end = (): void => this.#flights.end(name, flight)
    const bornAt = settings.clock.now()
    try {
      const fresh = await question.bring({ flight, watch, bornAt, stale, purpose, unlist, end })
      if (purpose !== 'bypass') failures.delete(name)
      return fresh
    } catch (error) {
      if (!flight.signal.aborted) this.#failed(error, watch, purpose)
      end()
      throw error
    }
  }

  #failed(error: unknown, watch: Watch, purpose: Purpose): void {
    const { counters, failures } = this.#parts
    counters.loadFailures++
    // Not so if it was deleted meanwhile: whoever asks then, asks anew.
    if (purpose !== 'bypass' && !watch.forbids([])) failures.add(watch.name, error)
  }
}
