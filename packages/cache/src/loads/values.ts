import type { CacheParts } from '../cache-parts.ts'
import type { LoadOptions } from '../call-options.ts'
import type { Asked, Kind } from './calls.ts'
import { contentOf, valueOf, type Content } from '../tiers/codec.ts'
import type { Landing } from '../flight/flight-result.ts'
import { keepBrought } from './store-loaded.ts'
import type { Acceptance, Work } from '../flight/load-request.ts'
import type { Settings } from '../options.ts'
import { SHARED, type Kept, type Outcome } from '../outcome.ts'
import { isReadable, type Entry } from '../tiers/entry.ts'
import { newEntry } from '../tiers/new-entry.ts'
import { Decision, type WorkContext } from './keep-decision.ts'

export interface LoadContext<Value> extends WorkContext {
  /** What is there and out of date, for a conditional request. */
  readonly stale: Value | undefined
}

export type Load<Value> = (context: LoadContext<Value>) => Value | PromiseLike<Value>

/** The answer of one call, and how it came about. */
export interface Loaded<Value> extends Outcome {
  readonly value: Value
  /** Whether the cache holds it now, or why not. */
  readonly kept: Kept
}

/** A value that has just been loaded. */
export interface FreshValue<Value> {
  readonly value: Value
  /** As it is kept; undefined if it cannot be. */
  readonly content: Content | undefined
  readonly kept: Kept
}

/** Values: how they are loaded, kept and handed out. */
export class Values<Value> {
  readonly #parts: CacheParts
  readonly #settings: Settings<Value>

  constructor(parts: CacheParts, settings: Settings<Value>) {
    this.#parts = parts
    this.#settings = settings
  }

  readonly accepts = (entry: Entry): Acceptance => {
    if (entry.head !== undefined) return 'other-kind'
    return !entry.encoded || isReadable(entry, this.#canRead) ? 'accepted' : 'unreadable'
  }

  readonly #canRead = (entry: Entry): boolean => {
    try {
      this.read(entry)
      return true
    } catch (error) {
      this.#parts.counters.far.unreadable++
      this.#settings.onError(error)
      return false
    }
  }

  /** @throws what the codec throws */
  read(entry: Content): Value {
    return valueOf(entry, this.#settings.codec)
  }

  /** @returns undefined, counted and told of, if the codec cannot carry it */
  content(value: Value): Content | undefined {
    try {
      return contentOf(value, this.#settings.codec)
    } catch (error) {
      this.#settings.onError(error)
      this.#parts.tiers.refuse('unencodable')
      return undefined
    }
  }

  kind(load: Load<Value>): Kind<FreshValue<Value>, LoadOptions> {
    return { accepts: this.accepts, bring: (work, asked) => this.#bring(work, asked, load) }
  }

  /** Asks the origin for a value, and keeps it. */
  async #bring(
    work: Work<FreshValue<Value>>,
    { key, options }: Asked,
    load: Load<Value>,
  ): Promise<FreshValue<Value>> {
    const stale = work.stale && this.accepts(work.stale) === 'accepted' ? this.read(work.stale) : undefined
    const decision = new Decision(key, work, options, this.#settings.onError)
    const value = await load(Object.assign(decision, { stale }))
    work.flight.signal.throwIfAborted()
    const fresh = this.#keep(value, work, decision)
    work.end()
    return fresh
  }

  #keep(
    value: Value,
    work: Work<FreshValue<Value>>,
    { kept: wanted, options }: Decision<FreshValue<Value>>,
  ): FreshValue<Value> {
    const { tiers, settings } = this.#parts
    if (wanted !== true) return { value, content: this.#quietContent(value), kept: tiers.refuse(wanted) }
    const content = this.content(value)
    if (!content) return { value, content, kept: 'unencodable' }
    const entry = newEntry(settings, content, options, work.bornAt)
    return { value, content, kept: keepBrought(this.#parts, work, entry) }
  }

  /** For the copies of those who share what is not kept. */
  #quietContent(value: Value): Content | undefined {
    try {
      return contentOf(value, this.#settings.codec)
    } catch {
      return undefined
    }
  }

  /** What one of those who waited gets: who began the load what was loaded, everybody else a copy of his own. */
  handOut(landing: Landing<FreshValue<Value>>, joined: boolean): Loaded<Value> {
    const { outcome } = landing
    if (landing.entry) return { ...outcome, value: this.read(landing.entry), kept: true }
    const { value, content, kept } = landing.fresh
    if (!joined) return { ...outcome, value, kept }
    return { ...SHARED, value: content?.encoded ? this.read(content) : value, kept }
  }
}
