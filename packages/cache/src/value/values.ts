import type { EntryOptions } from '../call-options.ts'
import { contentOf, valueOf, type Content } from '../codec.ts'
import { keepBrought } from '../flight/keep-brought.ts'
import type { CacheParts, Landing, Work } from '../flight/answers.ts'
import type { Settings } from '../options.ts'
import { SHARED, type Kept, type Outcome } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'
import { newEntry } from '../tiers/new-entry.ts'
import { Decision, type WorkContext } from '../work-context.ts'

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

  accepts(entry: Entry, source: 'near' | 'far'): boolean {
    if (entry.head !== undefined) return false
    if (source === 'near' || !entry.encoded) return true
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

  /** How the origin is asked for a value, and the value kept. */
  async bring(
    work: Work<FreshValue<Value>>,
    { key, options, tagsIn }: Asked,
    load: Load<Value>,
  ): Promise<FreshValue<Value>> {
    const stale = work.stale && this.accepts(work.stale, 'far') ? this.read(work.stale) : undefined
    const decision = new LoadDecision(key, work, options, this.#settings.onError, stale)
    const value = await load(decision)
    work.flight.signal.throwIfAborted()
    const fresh = this.#keep(value, work, decision, tagsIn)
    work.end()
    return fresh
  }

  #keep(
    value: Value,
    work: Work<FreshValue<Value>>,
    { kept: wanted, options }: LoadDecision<Value>,
    tagsIn: Asked['tagsIn'],
  ): FreshValue<Value> {
    const { tiers, settings } = this.#parts
    if (wanted !== true) return { value, content: this.#quietContent(value), kept: tiers.refuse(wanted) }
    const content = this.content(value)
    if (!content) return { value, content, kept: 'unencodable' }
    const entry = newEntry(settings, content, options, tagsIn(options.tags), work.bornAt, undefined)
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

/** What a call wants to know, and how it is to be kept. */
export interface Asked {
  readonly key: string
  readonly options: EntryOptions
  /** Tags as named inside the scope of the call. */
  readonly tagsIn: (tags: readonly string[] | undefined) => readonly string[]
}

class LoadDecision<Value> extends Decision<FreshValue<Value>> implements LoadContext<Value> {
  readonly stale: Value | undefined

  constructor(
    key: string,
    work: Work<FreshValue<Value>>,
    options: EntryOptions,
    onError: (error: unknown) => void,
    stale: Value | undefined,
  ) {
    super(key, work, options, onError)
    this.stale = stale
  }
}
