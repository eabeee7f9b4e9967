import type { Counters } from '../counters.ts'
import { NotCachedError } from '../not-cached-error.ts'
import type { EntrySettings } from '../options.ts'
import type { Absence, Outcome, Reason } from '../outcome.ts'
import { freshnessOf } from '../staleness.ts'
import type { Entry } from '../tiers/entry.ts'
import type { Tiers } from '../tiers/tiers.ts'
import { unref } from '../unref.ts'
import type { Failures } from './failures.ts'
import { Flight } from './flight.ts'
import { Flights } from './flights.ts'
import type { Invalidations, Watch } from './invalidations.ts'
import type { Seat } from './seat.ts'
import type { Traffic } from './traffic.ts'

/** What all answers of one cache share. */
export interface CacheParts {
  readonly settings: EntrySettings
  readonly counters: Counters
  readonly tiers: Tiers
  readonly invalidations: Invalidations
  readonly failures: Failures
  readonly traffic: Traffic
}

/** One call. */
export interface Question<Fresh> {
  readonly name: string
  readonly control: 'default' | 'refresh' | 'only-if-cached'
  readonly tags: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number | undefined
  readonly serveStaleIf: ((error: unknown) => boolean) | undefined
  /** It is loaded ahead of anybody's asking. */
  readonly ahead: boolean
  /** Whether an entry is of the kind asked for, and, if it comes from afar, can be read. */
  readonly accepts: (entry: Entry, source: 'near' | 'far') => boolean
  /** Asks the origin. It calls `work.end` when nothing more comes. */
  readonly bring: (work: Work<Fresh>) => Promise<Fresh>
}

/** Whom a load is for: callers, nobody yet, nobody since something stale was served, or one who wants nothing kept. */
export type Purpose = 'call' | 'ahead' | 'refresh' | 'bypass'

/** What the origin is asked under. */
export interface Work<Fresh> {
  readonly flight: Flight<Landing<Fresh>>
  readonly watch: Watch
  readonly bornAt: number
  readonly stale: Entry | undefined
  readonly purpose: Purpose
  /** Nobody joins any more. */
  unlist(): void
  /** Nothing more comes. */
  end(): void
}

/** What a question came to: an entry of the cache, or something fresh from the origin. */
export type Landing<Fresh> =
  | { readonly outcome: Outcome; readonly entry: Entry; readonly fresh?: undefined }
  | { readonly outcome: Outcome; readonly entry?: undefined; readonly fresh: Fresh }

/** A landing that is there, or a seat in the flight that will bring it. */
export type Answer<Fresh> =
  | { readonly landing: Landing<Fresh>; readonly seat?: undefined; readonly joined: false }
  | { readonly landing?: undefined; readonly seat: Seat<Landing<Fresh>>; readonly joined: boolean }

/**
 * Answers questions from the tiers where that is allowed, and by one load for all who ask where it is not:
 *
 *     near ─▶ a flight under way ─▶ far ─▶ load ─▶ fails: stale, if there is something and the error may be hidden
 */
export class Answers<Fresh> {
  readonly #parts: CacheParts
  readonly #flights = new Flights<Landing<Fresh>>()
  readonly #background = new Set<Flight<Landing<Fresh>>>()

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  get underWay(): number {
    return this.#flights.size
  }

  /** Those who wait get what they wait for; nobody joins them. Loads that nobody waits for are aborted. */
  close(reason: unknown): void {
    this.#flights.detachPrefix('')
    for (const flight of this.#background) flight.abort(reason)
  }

  detach(name: string): void {
    this.#flights.detach(name)
  }

  detachTag(tag: string): void {
    this.#flights.detachTag(tag)
  }

  detachPrefix(prefix: string): void {
    this.#flights.detachPrefix(prefix)
  }

  ask(question: Question<Fresh>): Answer<Fresh> {
    const { name, control } = question
    if (control !== 'refresh') {
      const entry = this.#parts.tiers.near.get(name, this.#now())
      if (typeof entry === 'object') {
        const landing = this.#serve(question, entry, 'near')
        if (landing) return { landing, joined: false }
      }
    }
    // What is under way is not in the cache: who wants nothing else does not wait for it.
    const running = control === 'only-if-cached' ? undefined : this.#flights.get(name, control === 'refresh')
    const flight = running ?? this.#depart(question)
    return { seat: flight.join(this.#seatOptions(question)), joined: running !== undefined }
  }

  /** A flight that nobody joins, and that looks for nothing: the origin is asked for this caller alone. */
  bypass(question: Question<Fresh>, reason: Reason): Answer<Fresh> {
    const flight = new Flight<Landing<Fresh>>(async (flight) => {
      const fresh = await this.#bring(question, flight, undefined, 'bypass')
      return { outcome: { status: 'bypass', reason, source: 'load', ageMs: 0 }, fresh }
    })
    return { seat: flight.join(this.#seatOptions(question)), joined: false }
  }

  #now(): number {
    return this.#parts.settings.clock.now()
  }

  #seatOptions({ signal, timeoutMs }: Question<Fresh>): Parameters<Flight<unknown>['join']>[0] {
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
    const freshness = freshnessOf(entry, now)
    if (freshness !== 'fresh' && freshness !== 'stale-while-revalidate') return undefined
    if (!question.accepts(entry, source)) return undefined
    if (freshness === 'fresh') return landed(entry, 'hit', 'fresh', source, now)
    if (question.control === 'only-if-cached') return landed(entry, 'stale', 'asked', source, now)
    return landed(entry, 'stale', this.#refresh(question, entry, within), source, now)
  }

  #depart(question: Question<Fresh>): Flight<Landing<Fresh>> {
    const flight = new Flight<Landing<Fresh>>((flight) => this.#work(question, flight))
    if (question.control !== 'only-if-cached') {
      this.#flights.set(question.name, flight, question.control === 'refresh', question.tags)
    }
    return flight
  }

  async #work(question: Question<Fresh>, flight: Flight<Landing<Fresh>>): Promise<Landing<Fresh>> {
    const { name, control } = question
    try {
      const found = control === 'refresh' ? REFRESH : await this.#parts.tiers.find(name)
      flight.signal.throwIfAborted()
      const usable = found.entry && question.accepts(found.entry, found.source) ? found : undefined
      const landing =
        usable &&
        (this.#serve(question, usable.entry, usable.source, flight) ?? this.#backOff(question, usable))
      if (landing) {
        this.#over(question, flight)
        return landing
      }
      if (control === 'only-if-cached') throw new NotCachedError()
      this.#remember(name)
      const absence = found.entry ? (usable ? 'expired' : 'absent') : found.absence
      return await this.#load(question, flight, usable, absence)
    } catch (error) {
      this.#over(question, flight)
      throw error
    }
  }

  async #load(
    question: Question<Fresh>,
    flight: Flight<Landing<Fresh>>,
    usable: { entry: Entry; source: 'near' | 'far' } | undefined,
    absence: Absence,
  ): Promise<Landing<Fresh>> {
    try {
      const purpose = question.ahead ? 'ahead' : 'call'
      const fresh = await this.#bring(question, flight, usable?.entry, purpose)
      return { outcome: { status: 'miss', reason: absence, source: 'load', ageMs: 0 }, fresh }
    } catch (error) {
      if (flight.signal.aborted || !usable || !this.#mayHide(question, error)) throw error
      const now = this.#now()
      if (freshnessOf(usable.entry, now) === 'expired') throw error
      return landed(usable.entry, 'stale', 'load-failed', usable.source, now, error)
    }
  }

  /** Asks the origin, and remembers if it fails. */
  async #bring(
    question: Question<Fresh>,
    flight: Flight<Landing<Fresh>>,
    stale: Entry | undefined,
    purpose: Purpose,
  ): Promise<Fresh> {
    const { counters, invalidations, failures, traffic } = this.#parts
    const { name } = question
    const watch = invalidations.watch(name)
    flight.afterwards(() => watch.end())
    counters.loads++
    if (purpose === 'call' || purpose === 'bypass') {
      traffic.begin()
      flight.afterwards(() => traffic.end())
    }
    const unlist = (): void => this.#flights.detach(name, flight)
    const end = (): void => this.#over(question, flight)
    try {
      const fresh = await question.bring({ flight, watch, bornAt: this.#now(), stale, purpose, unlist, end })
      if (purpose !== 'bypass') failures.delete(name)
      return fresh
    } catch (error) {
      if (!flight.signal.aborted) this.#failed(name, error, watch, purpose)
      end()
      throw error
    }
  }

  #failed(name: string, error: unknown, watch: Watch, purpose: Purpose): void {
    const { counters, failures } = this.#parts
    counters.loadFailures++
    // Not so if it was deleted meanwhile: whoever asks then, asks anew.
    if (purpose !== 'bypass' && !watch.forbids([])) failures.add(name, { error, at: this.#now() })
  }

  /** Loads anew in the background, unless somebody does, or that has just failed. @param within the flight that asks for it */
  #refresh(question: Question<Fresh>, entry: Entry, within: Flight<Landing<Fresh>> | undefined): Reason {
    const { settings, counters, failures } = this.#parts
    const { name } = question
    if (failures.within(settings.refreshBackoffMs, name, this.#now())) return 'backing-off'
    const running = this.#flights.get(name, false)
    if (running && running !== within) return 'revalidating'
    counters.refreshes++
    const flight = new Flight<Landing<Fresh>>(async (flight) => {
      const fresh = await this.#bring(question, flight, entry, 'refresh')
      return { outcome: { status: 'miss', reason: 'expired', source: 'load', ageMs: 0 }, fresh }
    })
    flight.hold()
    this.#flights.set(name, flight, true, question.tags)
    this.#background.add(flight)
    this.#limit(name, flight)
    flight.result.catch(settings.onError)
    return 'revalidating'
  }

  /** Nobody waits for a refresh who could leave. */
  #limit(name: string, flight: Flight<Landing<Fresh>>): void {
    const { refreshTimeoutMs } = this.#parts.settings
    const timer = setTimeout(() => {
      const error = new DOMException(`a refresh may take ${refreshTimeoutMs} ms`, 'TimeoutError')
      this.#parts.counters.loadFailures++
      this.#parts.failures.add(name, { error, at: this.#now() })
      flight.abort(error)
    }, refreshTimeoutMs)
    unref(timer)
    flight.afterwards(() => {
      clearTimeout(timer)
      this.#background.delete(flight)
    })
  }

  /** An entry for the case of an error, when there has just been one: the origin is left alone for a while. */
  #backOff(
    question: Question<Fresh>,
    { entry, source }: { entry: Entry; source: 'near' | 'far' },
  ): Landing<Fresh> | undefined {
    const { settings, failures } = this.#parts
    const now = this.#now()
    const failure = failures.within(settings.refreshBackoffMs, question.name, now)
    if (!failure || !this.#mayHide(question, failure.error)) return undefined
    return landed(entry, 'stale', 'backing-off', source, now, failure.error)
  }

  /** @throws the error of a load that failed a moment ago, if such errors are remembered */
  #remember(name: string): void {
    const { settings, failures } = this.#parts
    if (settings.negativeTtlMs === 0) return
    const failure = failures.within(settings.negativeTtlMs, name, this.#now())
    if (failure) throw failure.error
  }

  #mayHide(question: Question<Fresh>, error: unknown): boolean {
    const { settings } = this.#parts
    try {
      return (question.serveStaleIf ?? settings.serveStaleIf)(error)
    } catch (thrown) {
      settings.onError(thrown)
      return false
    }
  }

  #over({ name }: Question<Fresh>, flight: Flight<Landing<Fresh>>): void {
    this.#flights.detach(name, flight)
    flight.end()
  }
}

function landed<Fresh>(
  entry: Entry,
  status: 'hit' | 'stale',
  reason: Reason,
  source: 'near' | 'far',
  now: number,
  error?: unknown,
): Landing<Fresh> {
  const ageMs = Math.max(0, now - entry.storedAt)
  return { outcome: { status, reason, source, ageMs, ...(error === undefined ? {} : { error }) }, entry }
}

const REFRESH: { readonly entry?: undefined; readonly absence: Absence } = { absence: 'refresh' }
