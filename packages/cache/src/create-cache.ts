import { rejection } from '@harbor/parts'
import { aFunction, aName, expect } from './base/validate.ts'
import type { Cache, Lookup } from './cache.ts'
import { newParts, type CacheParts } from './cache-parts.ts'
import { statsOf, type CacheStats } from './cache-stats.ts'
import {
  checkLoad,
  checkLookup,
  checkScope,
  checkSet,
  checkStream,
  type EntryOptions,
  type Key,
  type LoadOptions,
  type LookupOptions,
  type ScopeOptions,
  type StreamOptions,
} from './call-options.ts'
import { namedKey, nameIn, prefixOf } from './keys/named-key.ts'
import { Calls } from './loads/calls.ts'
import type { WorkContext } from './loads/keep-decision.ts'
import { Values, type FreshValue, type Load, type Loaded } from './loads/values.ts'
import { allowsQuickHit, Lookups } from './lookups.ts'
import { settingsOf, type CacheOptions, type Settings } from './options.ts'
import type { Stored } from './outcome.ts'
import {
  prefetchList,
  type PrefetchJob,
  type PrefetchListOptions,
  type PrefetchReport,
  type PrefetchTarget,
} from './prefetch/prefetch-list.ts'
import { Streams, type FreshRecording, type Open, type Recorded } from './stream/streams.ts'
import { newEntry } from './tiers/entry.ts'

/**
 * Creates a cache for answers that are slow or expensive to get. Concurrent calls for the same key share one load. Entries are in memory and, with
 * the option `farTier`, also in a store that outlives the process.
 *
 * @example
 * const cache = createCache<string>({ ttlMs: 60_000, staleIfErrorMs: 600_000 })
 * const answer = await cache.getOrLoad(key, ({ signal }) => ask(question, signal), { signal })
 *
 * @throws TypeError for an unknown or invalid option
 */
export function createCache<Value>(options: CacheOptions<Value> = {}): Cache<Value> {
  return new TieredCache(settingsOf(options))
}

class TieredCache<Value> implements Cache<Value>, PrefetchTarget<PrefetchJob<Value>> {
  readonly #settings: Settings<Value>
  readonly #parts: CacheParts
  readonly #lookups: Lookups
  readonly #values: Values<Value>
  readonly #valueCalls: Calls<FreshValue<Value>>
  readonly #streams: Streams
  readonly #streamCalls: Calls<FreshRecording>

  constructor(settings: Settings<Value>) {
    const parts = newParts(settings)
    this.#settings = settings
    this.#parts = parts
    this.#lookups = new Lookups(parts)
    this.#values = new Values(parts, settings)
    this.#valueCalls = new Calls(parts)
    this.#streams = new Streams(parts)
    this.#streamCalls = new Calls(parts)
  }

  // `get` and `getOrLoad` are not async functions: an async function would take more time than the rest of a hit.

  get(key: Key, options: LookupOptions = NONE): Promise<Lookup<Value> | undefined> {
    try {
      if (options !== NONE) checkLookup(options)
      const now = this.#settings.clock.now()
      const hit = this.#lookups.quickHit(key, options.scope, now)
      if (!hit) return this.#lookUp(key, options)
      const value = this.#values.read(hit)
      return Promise.resolve({
        value,
        source: 'near',
        stale: false,
        ageMs: this.#parts.tiers.near.ageOf(hit, now),
      })
    } catch (error) {
      return rejection(error)
    }
  }

  getOrLoad(key: Key, load: Load<Value>, options: LoadOptions = NONE): Promise<Value> {
    try {
      if (options !== NONE) checkLoad(options)
      const hit =
        allowsQuickHit(options) && this.#lookups.quickHit(key, options.scope, this.#settings.clock.now())
      if (hit) return Promise.resolve(this.#values.read(hit))
      return this.#load(key, load, options).then(({ value }) => value)
    } catch (error) {
      return rejection(error)
    }
  }

  async load(key: Key, load: Load<Value>, options: LoadOptions = NONE): Promise<Loaded<Value>> {
    if (options !== NONE) checkLoad(options)
    const now = this.#settings.clock.now()
    const hit = allowsQuickHit(options) && this.#lookups.quickHit(key, options.scope, now)
    if (!hit) return this.#load(key, load, options)
    const ageMs = this.#parts.tiers.near.ageOf(hit, now)
    return { ...HIT, ageMs, value: this.#values.read(hit), stored: true }
  }

  async #lookUp(key: Key, options: LookupOptions): Promise<Lookup<Value> | undefined> {
    const found = await this.#lookups.find(key, options, this.#values.accepts)
    if (!found) return undefined
    const { entry, ...how } = found
    return { value: this.#values.read(entry), ...how }
  }

  async #load(key: Key, load: Load<Value>, options: LoadOptions): Promise<Loaded<Value>> {
    expect('load', load, aFunction)
    const { result, joined } = await this.#valueCalls.make(key, options, this.#values.kind(load))
    return this.#values.deliver(result, joined)
  }

  async record<Head>(key: Key, open: Open<Head>, options: StreamOptions = NONE): Promise<Recorded<Head>> {
    if (options !== NONE) checkStream(options)
    expect('open', open, aFunction)
    const result = await this.#streamCalls.make(key, options, this.#streams.kind(open, options))
    return this.#streams.deliver(result) as Recorded<Head>
  }

  async *getOrStream(
    key: Key,
    open: (signal: AbortSignal, context: WorkContext) => AsyncIterable<Uint8Array>,
    options: StreamOptions = NONE,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const opened: Open<null> = (context) => ({ head: null, body: open(context.signal, context) })
    const answer = await this.record(key, opened, options)
    yield* answer.body
  }

  async replay<Head>(key: Key, options: LookupOptions = NONE): Promise<Recorded<Head> | undefined> {
    if (options !== NONE) checkLookup(options)
    const found = await this.#lookups.find(key, options, this.#streams.acceptsBy(undefined))
    if (!found) return undefined
    const { entry, source, stale, ageMs } = found
    const how = stale ? STALE : FRESH
    return { ...how, source, ageMs, ...this.#streams.replay(entry) } as Recorded<Head>
  }

  has(key: Key, options: ScopeOptions = NONE): boolean {
    checkScope(options)
    return this.#lookups.has(key, options)
  }

  async set(key: Key, value: Value, options: ScopeOptions & EntryOptions = NONE): Promise<Stored> {
    if (options !== NONE) checkSet(options)
    const { tiers, closed, settings } = this.#parts
    const name = this.#nameOf(key, options)
    if (name === undefined || closed) return tiers.refuse('bypass')
    const content = this.#values.content(value)
    if (!content) return 'unencodable'
    const { stored, written } = tiers.keep(name, newEntry(settings, content, options, settings.clock.now()))
    if (written) await written
    return stored
  }

  async delete(key: Key, options: ScopeOptions = NONE): Promise<boolean> {
    checkScope(options)
    const name = this.#nameOf(key, options)
    if (name === undefined) return false
    this.#parts.failures.delete(name)
    return this.#parts.tiers.delete(name)
  }

  async invalidateTag(tag: string, options: ScopeOptions = NONE): Promise<number> {
    checkScope(options)
    expect('tag', tag, aName)
    return this.#parts.tiers.invalidateTag(nameIn(options.scope, tag))
  }

  async clear(options: ScopeOptions = NONE): Promise<void> {
    checkScope(options)
    this.#parts.failures.clear()
    await this.#parts.tiers.clear(options.scope === undefined ? '' : prefixOf(options.scope))
  }

  prefetch(jobs: Iterable<PrefetchJob<Value>>, options: PrefetchListOptions = NONE): Promise<PrefetchReport> {
    return prefetchList(this, jobs, options)
  }

  async prefetchOne(
    { key, load, ...options }: PrefetchJob<Value>,
    signal?: AbortSignal,
  ): Promise<'loaded' | 'present' | 'refused' | 'skipped'> {
    checkSet(options)
    if (this.#parts.closed) return 'skipped'
    const { status, stored } = await this.#load(key, load, { ...options, signal, isPrefetch: true })
    if (status === 'miss') return stored === true ? 'loaded' : 'refused'
    return status === 'bypass' ? 'refused' : 'present'
  }

  get clock(): Settings<Value>['clock'] {
    return this.#settings.clock
  }

  idle(signal?: AbortSignal): Promise<void> {
    return this.#parts.activeLoads.idle(signal)
  }

  stats(): CacheStats {
    const { counters, tiers } = this.#parts
    const { size: entries, bytes } = tiers.near
    const inFlight = this.#valueCalls.inFlight + this.#streamCalls.inFlight
    return statsOf(counters, { entries, bytes, inFlight }, tiers.far?.coolingDown ?? false)
  }

  async close(): Promise<void> {
    if (this.#parts.closed) return
    this.#parts.closed = true
    const reason = new DOMException('the cache was closed', 'AbortError')
    this.#valueCalls.close(reason)
    this.#streamCalls.close(reason)
    await this.#parts.tiers.close()
  }

  #nameOf(key: Key, { scope }: ScopeOptions): string | undefined {
    return namedKey(key, scope, this.#settings.onError)?.name
  }
}

const NONE = {}
const HIT = { status: 'hit', reason: 'fresh', source: 'near' } as const
const FRESH = { status: 'hit', reason: 'fresh' } as const
const STALE = { status: 'stale', reason: 'requested' } as const
