import type { CacheParts } from '../cache-parts.ts'
import { NotCachedError } from './not-cached-error.ts'
import type { Absence, Reason } from '../outcome.ts'
import { freshnessOf } from '../tiers/staleness.ts'
import type { Entry, NearEntry } from '../tiers/entry.ts'
import { Flight } from './flight.ts'
import { Flights } from './flights.ts'
import { landed, loaded, type Answer, type Landing } from './flight-result.ts'
import { Origin } from './loader.ts'
import type { Question } from './load-request.ts'
import { Refreshes } from './refreshes.ts'
import type { SeatOptions } from './waiter.ts'

/**
 * Answers questions from the tiers where that is allowed, and by one load for all who ask where it is not:
 *
 *     near ─▶ a flight under way ─▶ far ─▶ load ─▶ fails: stale, if there is something and the error may be hidden
 */
export class Answers<Fresh> {
  readonly #parts: CacheParts
  readonly #flights = new Flights<Landing<Fresh>>()
  readonly #origin: Origin<Fresh>
  readonly #refreshes: Refreshes<Fresh>

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#origin = new Origin(parts, this.#flights)
    this.#refreshes = new Refreshes(parts, this.#flights, this.#origin)
    parts.invalidations.tell(this.#flights)
  }

  get underWay(): number {
    return this.#flights.size
  }

  /** Those who wait get what they wait for; nobody joins them. Loads that nobody waits for are aborted. */
  close(reason: unknown): void {
    this.#flights.detachPrefix('')
    this.#refreshes.abort(reason)
  }

  ask(question: Question<Fresh>): Answer<Fresh> {
    const { name, control } = question
    const near = control === 'refresh' ? undefined : this.#parts.tiers.near.get(name, this.#now())
    if (typeof near === 'object') {
      const landing = this.#serve(question, near, 'near')
      if (landing) return { landing, joined: false }
    }
    // What is under way is not in the cache: who wants nothing else does not wait for it.
    const running = control === 'only-if-cached' ? undefined : this.#flights.get(name, control === 'refresh')
    const flight = running ?? this.#list(question)
    const seat = flight.join(this.#seatOptions(question))
    if (!running) flight.depart(this.#fly(question, flight, near))
    return { seat, joined: running !== undefined }
  }

  /** A flight that nobody joins, and that looks for nothing: the origin is asked for this caller alone. */
  bypass(question: Question<Fresh>, reason: Reason): Answer<Fresh> {
    const flight = new Flight<Landing<Fresh>>()
    const seat = flight.join(this.#seatOptions(question))
    const asked = this.#origin.ask(question, flight, 'bypass')
    flight.depart(asked.then((fresh) => loaded(fresh, 'bypass', reason)))
    return { seat, joined: false }
  }

  #now(): number {
    return this.#parts.settings.clock.now()
  }

  #seatOptions({ signal, timeoutMs }: Question<Fresh>): SeatOptions {
    return { signal, timeoutMs, deadlineAt: timeoutMs === undefined ? Infinity : this.#now() + timeoutMs }
  }

  /** Whether this entry answers without a load. What may be served while it is loaded anew, is being loaded anew after this. */
  #serve(
    question: Question<Fresh>,
    entry: Entry,
    source: 'near' | 'far',
    within?: Flight<Landing<Fresh>>,
  ): Landing<Fresh> | undefined {
    const now = this.#now()
    const freshness = freshnessOf(entry.life, now)
    if (freshness !== 'fresh' && freshness !== 'stale-while-revalidate') return undefined
    if (question.accepts(entry) !== 'accepted') return undefined
    if (freshness === 'fresh') return landed(entry, 'hit', 'fresh', source, now)
    if (question.control === 'only-if-cached') return landed(entry, 'stale', 'asked', source, now)
    return landed(entry, 'stale', this.#refreshes.begin(question, entry, within), source, now)
  }

  #list({ name, control, tags }: Question<Fresh>): Flight<Landing<Fresh>> {
    const flight = new Flight<Landing<Fresh>>()
    if (control !== 'only-if-cached') this.#flights.set(name, flight, control === 'refresh', tags)
    return flight
  }

  /** @param near what there is in memory */
  async #fly(
    question: Question<Fresh>,
    flight: Flight<Landing<Fresh>>,
    near: NearEntry | 'expired' | undefined,
  ): Promise<Landing<Fresh>> {
    const { name } = question
    try {
      const landing = await this.#land(question, flight, near)
      // What is being recorded is under way until its body has ended.
      if (landing.entry) this.#flights.end(name, flight)
      return landing
    } catch (error) {
      this.#flights.end(name, flight)
      throw error
    }
  }

  async #land(
    question: Question<Fresh>,
    flight: Flight<Landing<Fresh>>,
    near: NearEntry | 'expired' | undefined,
  ): Promise<Landing<Fresh>> {
    const { tiers, failures } = this.#parts
    const { name, control, accepts } = question
    const finding = control === 'refresh' ? REFRESH : tiers.findBeyond(name, near)
    const found = finding instanceof Promise ? await finding : finding
    flight.signal.throwIfAborted()
    const acceptance = found.entry && accepts(found.entry)
    if (acceptance === 'unreadable') tiers.near.deleteUntrusted(name)
    const usable = found.entry && acceptance === 'accepted' ? found : undefined
    const landing =
      usable &&
      (this.#serve(question, usable.entry, usable.source, flight) ?? this.#backOff(question, usable))
    if (landing) return landing
    if (control === 'only-if-cached') throw new NotCachedError()
    const failure = failures.remembered(name)
    if (failure) throw failure.error
    const absence = found.entry ? ABSENCES[acceptance ?? 'other-kind'] : found.absence
    return this.#load(question, flight, usable, absence)
  }

  async #load(
    question: Question<Fresh>,
    flight: Flight<Landing<Fresh>>,
    usable: Usable | undefined,
    absence: Absence,
  ): Promise<Landing<Fresh>> {
    try {
      const purpose = question.ahead ? 'ahead' : 'call'
      return loaded(await this.#origin.ask(question, flight, purpose, usable?.entry), 'miss', absence)
    } catch (error) {
      const now = this.#now()
      const hidden =
        usable &&
        !flight.signal.aborted &&
        freshnessOf(usable.entry.life, now) !== 'expired' &&
        this.#parts.failures.mayHide(error, question.serveStaleIf)
      if (!hidden) throw error
      return landed(usable.entry, 'stale', 'load-failed', usable.source, now, error)
    }
  }

  /** An entry for the case of an error, when there has just been one: the origin is left alone for a while. */
  #backOff({ name, serveStaleIf }: Question<Fresh>, { entry, source }: Usable): Landing<Fresh> | undefined {
    const { failures } = this.#parts
    const failure = failures.backingOff(name)
    if (!failure || !failures.mayHide(failure.error, serveStaleIf)) return undefined
    return landed(entry, 'stale', 'backing-off', source, this.#now(), failure.error)
  }
}

/** What was found, and is of the kind asked for. */
interface Usable {
  readonly entry: Entry
  readonly source: 'near' | 'far'
}

/** Why there was nothing to serve, though there was an entry. */
const ABSENCES = { accepted: 'expired', 'other-kind': 'absent', unreadable: 'far-unreadable' } as const

const REFRESH: { readonly entry?: undefined; readonly absence: Absence } = { absence: 'refresh' }
