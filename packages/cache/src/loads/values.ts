import type { CacheParts } from '../cache-parts.ts'
import type { LoadOptions } from '../call-options.ts'
import type { FlightResult } from '../flight/flight-result.ts'
import type { Acceptance, RunningLoad } from '../flight/load-request.ts'
import type { Settings } from '../options.ts'
import { SHARED, type Stored, type Outcome } from '../outcome.ts'
import { contentOf, valueOf, type Content } from '../tiers/codec.ts'
import { isReadable, newEntry, type Entry } from '../tiers/entry.ts'
import type { LoadCall, LoadKind } from './calls.ts'
import { KeepDecision, type WorkContext } from './keep-decision.ts'
import { storeLoaded } from './store-loaded.ts'

/** The argument of the function that loads a value: what `WorkContext` has, and the stale value. */
export interface LoadContext<Value> extends WorkContext {
  /** The stale value that is still in the cache; undefined if there is none. Use it for a conditional request, such as one with an ETag. */
  readonly stale: Value | undefined
}

/**
 * Loads the value of a key. All waiting callers receive the value, and it is cached unless `refuse()` was called. If the function throws, all waiting
 * callers receive the error.
 */
export type Load<Value> = (context: LoadContext<Value>) => Value | PromiseLike<Value>

/** The value that a call returns, and how the call was answered. */
export interface Loaded<Value> extends Outcome {
  /**
   * The value. The call that loaded it gets the loaded object itself; every other call gets a copy made by the codec, unless the value is text or
   * bytes.
   */
  readonly value: Value
  /** `true` if the value is now in the cache, otherwise the reason why not. */
  readonly stored: Stored
}

/** A value that has just been loaded. */
export interface FreshValue<Value> {
  readonly value: Value
  /** The encoded value; undefined if the codec cannot encode it. */
  readonly content: Content | undefined
  readonly stored: Stored
}

/** Loads, encodes, stores and returns values. */
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

  /** Decodes a value. @throws the error of the codec */
  read(entry: Content): Value {
    return valueOf(entry, this.#settings.codec)
  }

  /**
   * Encodes a value.
   *
   * @returns undefined if the codec cannot encode the value; then this is counted, and the error is reported to `onError`
   */
  content(value: Value): Content | undefined {
    try {
      return contentOf(value, this.#settings.codec)
    } catch (error) {
      this.#settings.onError(error)
      this.#parts.tiers.refuse('unencodable')
      return undefined
    }
  }

  kind(load: Load<Value>): LoadKind<FreshValue<Value>, LoadOptions> {
    return { accepts: this.accepts, load: (running, call) => this.#load(running, call, load) }
  }

  /** Loads a value and stores it. */
  async #load(
    running: RunningLoad<FreshValue<Value>>,
    { key, options }: LoadCall,
    load: Load<Value>,
  ): Promise<FreshValue<Value>> {
    const { stale: entry } = running
    const stale = entry && this.accepts(entry) === 'accepted' ? this.read(entry) : undefined
    const decision = new KeepDecision(key, running, options, this.#settings.onError)
    const value = await load(Object.assign(decision, { stale }))
    running.flight.signal.throwIfAborted()
    const fresh = this.#keep(value, running, decision)
    running.end()
    return fresh
  }

  #keep(
    value: Value,
    running: RunningLoad<FreshValue<Value>>,
    { stored: wanted, options }: KeepDecision<FreshValue<Value>>,
  ): FreshValue<Value> {
    const { tiers, settings } = this.#parts
    if (wanted !== true) return { value, content: this.#quietContent(value), stored: tiers.refuse(wanted) }
    const content = this.content(value)
    if (!content) return { value, content, stored: 'unencodable' }
    const entry = newEntry(settings, content, options, running.bornAt)
    return { value, content, stored: storeLoaded(this.#parts, running, entry) }
  }

  /** Encodes a value that is not cached, so that callers that joined its load get copies of it. Does not report errors. */
  #quietContent(value: Value): Content | undefined {
    try {
      return contentOf(value, this.#settings.codec)
    } catch {
      return undefined
    }
  }

  /**
   * Returns the result for one caller. The caller that began the load gets the loaded value itself. Each caller that joined the load gets a
   * copy.
   */
  deliver(result: FlightResult<FreshValue<Value>>, joined: boolean): Loaded<Value> {
    const { outcome } = result
    if (result.entry) return { ...outcome, value: this.read(result.entry), stored: true }
    const { value, content, stored } = result.fresh
    if (!joined) return { ...outcome, value, stored }
    return { ...SHARED, value: content?.encoded ? this.read(content) : value, stored }
  }
}
