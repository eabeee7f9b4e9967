import type { CacheParts } from '../cache-parts.ts'
import type { Absence, Reason } from '../outcome.ts'
import type { Entry, NearEntry } from '../tiers/entry.ts'
import { freshnessOf } from '../tiers/staleness.ts'
import { Flight } from './flight.ts'
import { fromEntry, fromLoad, type FlightResult, type ResultOrWaiter } from './flight-result.ts'
import { Flights } from './flights.ts'
import type { LoadRequest } from './load-request.ts'
import { Loader } from './loader.ts'
import { NotCachedError } from './not-cached-error.ts'
import { Refreshes } from './refreshes.ts'
import type { WaiterOptions } from './waiter.ts'

/**
 * Answers requests from the tiers if possible. Otherwise, all concurrent requests for the same name share one load:
 *
 *     near tier ─▶ join a flight ─▶ far tier ─▶ load ─▶ if it fails: a stale entry, if `serveStaleIf` allows
 *
 * - A flight is one load in progress, with an abort controller of its own.
 * - A waiter is one caller in a flight. The flight is aborted when its last waiter leaves.
 */
export class SingleFlight<Fresh> {
  readonly #parts: CacheParts
  readonly #flights = new Flights<FlightResult<Fresh>>()
  readonly #loader: Loader<Fresh>
  readonly #refreshes: Refreshes<Fresh>

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#loader = new Loader(parts, this.#flights)
    this.#refreshes = new Refreshes(parts, this.#flights, this.#loader)
    parts.invalidations.subscribe(this.#flights)
  }

  get inFlight(): number {
    return this.#flights.size
  }

  /** Prevents further callers from joining any flight, and aborts background refreshes. Flights with waiting callers go on to their end. */
  close(reason: unknown): void {
    this.#flights.detachPrefix('')
    this.#refreshes.abort(reason)
  }

  /** Answers a request, with a result from the near tier or with a waiter for the result of a flight. */
  answer(request: LoadRequest<Fresh>): ResultOrWaiter<Fresh> {
    const { name, control } = request
    const near = control === 'refresh' ? undefined : this.#parts.tiers.near.get(name, this.#now())
    if (typeof near === 'object') {
      const result = this.#serve(request, near, 'near')
      if (result) return { result, joined: false }
    }
    // A load in flight is not in the cache, so `only-if-cached` does not wait for it.
    const running = control === 'only-if-cached' ? undefined : this.#flights.get(name, control === 'refresh')
    const flight = running ?? this.#open(request)
    const waiter = flight.join(this.#waiterOptions(request))
    if (!running) flight.start(this.#run(request, flight, near))
    return { waiter, joined: running !== undefined }
  }

  /** Loads for this caller alone, without reading the tiers. No other caller can join this load. */
  bypass(request: LoadRequest<Fresh>, reason: Reason): ResultOrWaiter<Fresh> {
    const flight = new Flight<FlightResult<Fresh>>()
    const waiter = flight.join(this.#waiterOptions(request))
    const loading = this.#loader.load(request, flight, 'bypass')
    flight.start(loading.then((fresh) => fromLoad(fresh, 'bypass', reason)))
    return { waiter, joined: false }
  }

  #now(): number {
    return this.#parts.settings.clock.now()
  }

  #waiterOptions({ signal, timeoutMs }: LoadRequest<Fresh>): WaiterOptions {
    return { signal, timeoutMs, deadlineAt: timeoutMs === undefined ? Infinity : this.#now() + timeoutMs }
  }

  /** Returns the result if this entry can be served without waiting for a load. If the entry is stale, also starts a background refresh. */
  #serve(
    request: LoadRequest<Fresh>,
    entry: Entry,
    source: 'near' | 'far',
    within?: Flight<FlightResult<Fresh>>,
  ): FlightResult<Fresh> | undefined {
    const now = this.#now()
    const freshness = freshnessOf(entry.life, now)
    if (freshness !== 'fresh' && freshness !== 'stale-while-revalidate') return undefined
    if (request.accepts(entry) !== 'accepted') return undefined
    if (freshness === 'fresh') return fromEntry(entry, 'hit', 'fresh', source, now)
    if (request.control === 'only-if-cached') return fromEntry(entry, 'stale', 'requested', source, now)
    return fromEntry(entry, 'stale', this.#refreshes.start(request, entry, within), source, now)
  }

  #open({ name, control, tags }: LoadRequest<Fresh>): Flight<FlightResult<Fresh>> {
    const flight = new Flight<FlightResult<Fresh>>()
    if (control !== 'only-if-cached') this.#flights.set(name, flight, control === 'refresh', tags)
    return flight
  }

  /**
   * Finds or loads the answer, and closes the flight afterwards.
   *
   * @param near the entry of the near tier under this name
   */
  async #run(
    request: LoadRequest<Fresh>,
    flight: Flight<FlightResult<Fresh>>,
    near: NearEntry | 'expired' | undefined,
  ): Promise<FlightResult<Fresh>> {
    const { name } = request
    try {
      const result = await this.#findOrLoad(request, flight, near)
      // If the answer was loaded, its load closes the flight: a recorded answer is in flight until its body has ended.
      if (result.entry) this.#flights.end(name, flight)
      return result
    } catch (error) {
      this.#flights.end(name, flight)
      throw error
    }
  }

  async #findOrLoad(
    request: LoadRequest<Fresh>,
    flight: Flight<FlightResult<Fresh>>,
    near: NearEntry | 'expired' | undefined,
  ): Promise<FlightResult<Fresh>> {
    const { tiers, failures } = this.#parts
    const { name, control, accepts } = request
    const finding = control === 'refresh' ? REFRESH : tiers.findBeyond(name, near)
    const found = finding instanceof Promise ? await finding : finding
    flight.signal.throwIfAborted()
    const acceptance = found.entry && accepts(found.entry)
    if (acceptance === 'unreadable') tiers.near.deleteUntrusted(name)
    const usable = found.entry && acceptance === 'accepted' ? found : undefined
    const served =
      usable && (this.#serve(request, usable.entry, usable.source, flight) ?? this.#backOff(request, usable))
    if (served) return served
    if (control === 'only-if-cached') throw new NotCachedError()
    const failure = failures.remembered(name)
    if (failure) throw failure.error
    const absence = found.entry ? ABSENCES[acceptance ?? 'other-kind'] : found.absence
    return this.#load(request, flight, usable, absence)
  }

  async #load(
    request: LoadRequest<Fresh>,
    flight: Flight<FlightResult<Fresh>>,
    usable: Usable | undefined,
    absence: Absence,
  ): Promise<FlightResult<Fresh>> {
    try {
      const purpose = request.isPrefetch ? 'prefetch' : 'call'
      const fresh = await this.#loader.load(request, flight, purpose, usable?.entry)
      return fromLoad(fresh, 'miss', absence, flight.origin)
    } catch (error) {
      const now = this.#now()
      const hidden =
        usable &&
        !flight.signal.aborted &&
        freshnessOf(usable.entry.life, now) !== 'expired' &&
        this.#parts.failures.mayHide(error, request.serveStaleIf)
      if (!hidden) throw error
      return fromEntry(usable.entry, 'stale', 'load-failed', usable.source, now, error)
    }
  }

  /** Returns the stale entry as the result if a load failed so recently that the name is not loaded again yet. */
  #backOff(
    { name, serveStaleIf }: LoadRequest<Fresh>,
    { entry, source }: Usable,
  ): FlightResult<Fresh> | undefined {
    const { failures } = this.#parts
    const failure = failures.backingOff(name)
    if (!failure || !failures.mayHide(failure.error, serveStaleIf)) return undefined
    return fromEntry(entry, 'stale', 'backing-off', source, this.#now(), failure.error)
  }
}

/** An entry that was found, and is of the requested kind. */
interface Usable {
  readonly entry: Entry
  readonly source: 'near' | 'far'
}

/** For an entry that was found but not served: the reason why, by the outcome of `accepts`. */
const ABSENCES = { accepted: 'expired', 'other-kind': 'absent', unreadable: 'far-unreadable' } as const

const REFRESH: { readonly entry?: undefined; readonly absence: Absence } = { absence: 'refresh' }
