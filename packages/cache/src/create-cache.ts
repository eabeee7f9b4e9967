import type { Cache, Lookup } from './cache.ts'
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
import { statsOf, type CacheStats } from './cache-stats.ts'
import type { Clock } from './clock.ts'
import { newCounters, type Counters } from './counters.ts'
import { Answers, type Answer, type CacheParts, type Landing, type Question } from './flight/answers.ts'
import { Failures } from './flight/failures.ts'
import { Invalidations } from './flight/invalidations.ts'
import { Traffic } from './flight/traffic.ts'
import { nameIn, prefixOf } from './names.ts'
import { settingsOf, type CacheOptions, type Settings } from './options.ts'
import type { Kept, Status } from './outcome.ts'
import {
  prefetchList,
  type PrefetchJob,
  type PrefetchListOptions,
  type PrefetchReport,
  type PrefetchTarget,
} from './prefetch/prefetch-list.ts'
import { rejection } from './rejection.ts'
import { freshnessOf, type Freshness } from './staleness.ts'
import { Streams, type FreshRecording, type Open, type Recorded } from './stream/streams.ts'
import type { Entry, NearEntry } from './tiers/entry.ts'
import type { NearTier } from './tiers/near-tier.ts'
import { newEntry } from './tiers/new-entry.ts'
import { Tiers } from './tiers/tiers.ts'
import { aName, expect, type Check } from './validate.ts'
import { Values, type Asked, type FreshValue, type Load, type Loaded } from './value/values.ts'
import type { WorkContext } from './work-context.ts'

/**
 * Makes a cache.
 *
 * @example
 * const cache = createCache<string>({ ttlMs: 60_000, staleIfErrorMs: 600_000 })
 * const answer = await cache.getOrLoad(key, ({ signal }) => ask(question, signal), { signal })
 *
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createCache<Value>(options: CacheOptions<Value> = {}): Cache<Value> {
  return new TieredCache(settingsOf(options))
}

class TieredCache<Value> implements Cache<Value>, PrefetchTarget<PrefetchJob<Value>> {
  readonly clock: Clock
  readonly #settings: Settings<Value>
  readonly #parts: CacheParts
  readonly #near: NearTier
  readonly #counters: Counters
  readonly #values: Values<Value>
  readonly #streams: Streams
  readonly #valueAnswers: Answers<FreshValue<Value>>
  readonly #streamAnswers: Answers<FreshRecording>
  readonly #closing = new AbortController()
  #closed = false

  constructor(settings: Settings<Value>) {
    const counters = newCounters()
    const invalidations = new Invalidations()
    const tiers = new Tiers(settings, counters, invalidations)
    const failures = new Failures()
    this.clock = settings.clock
    this.#settings = settings
    this.#near = tiers.near
    this.#counters = counters
    this.#parts = { settings, counters, tiers, invalidations, failures, traffic: new Traffic() }
    this.#values = new Values(this.#parts, settings)
    this.#streams = new Streams(this.#parts)
    this.#valueAnswers = new Answers(this.#parts)
    this.#streamAnswers = new Answers(this.#parts)
  }

  // Not an async function, which would be dearer than all the rest of a hit.
  get(key: Key, options: LookupOptions = NONE): Promise<Lookup<Value> | undefined> {
    try {
      if (options !== NONE) checkLookup(options)
      const now = this.clock.now()
      const hit = this.#quickHit(key, options.scope, now)
      if (!hit) return this.#lookUp(key, options)
      const value = this.#values.read(hit)
      return Promise.resolve({ value, source: 'near', stale: false, ageMs: now - hit.storedAt })
    } catch (error) {
      return rejection(error)
    }
  }

  async #lookUp(key: Key, options: LookupOptions): Promise<Lookup<Value> | undefined> {
    const found = await this.#find(key, options, (entry, source) => this.#values.accepts(entry, source))
    if (!found) return undefined
    const { entry, source, stale, ageMs } = found
    return { value: this.#values.read(entry), source, stale, ageMs }
  }

  async replay<Head>(key: Key, options: LookupOptions = NONE): Promise<Recorded<Head> | undefined> {
    if (options !== NONE) checkLookup(options)
    const found = await this.#find(key, options, (entry) => this.#streams.accepts(entry))
    if (!found) return undefined
    const { entry, source, stale, ageMs } = found
    const how = stale ? STALE : FRESH
    return { ...how, source, ageMs, ...this.#streams.replay(entry) } as Recorded<Head>
  }

  has(key: Key, options: ScopeOptions = NONE): boolean {
    checkScope(options)
    const name = this.#nameOf(key, options.scope)?.name
    return name !== undefined && this.#parts.tiers.near.isFresh(name, this.clock.now())
  }

  async set(key: Key, value: Value, options: ScopeOptions & EntryOptions = NONE): Promise<Kept> {
    if (options !== NONE) checkSet(options)
    const { tiers } = this.#parts
    const name = this.#nameOf(key, options.scope)?.name
    if (name === undefined || this.#closed) return tiers.refuse('bypass')
    const content = this.#values.content(value)
    if (!content) return 'unencodable'
    const tags = tagsIn(options.scope, options.tags)
    const entry = newEntry(this.#settings, content, options, tags, this.clock.now(), undefined)
    const { kept, written } = tiers.keep(name, entry)
    if (written) await written
    return kept
  }

  async getOrLoad(key: Key, load: Load<Value>, options: LoadOptions = NONE): Promise<Value> {
    return (await this.load(key, load, options)).value
  }

  async load(key: Key, load: Load<Value>, options: LoadOptions = NONE): Promise<Loaded<Value>> {
    if (options !== NONE) checkLoad(options)
    if (isOrdinary(options)) {
      const now = this.clock.now()
      const hit = this.#quickHit(key, options.scope, now)
      if (hit) return { ...HIT, ageMs: now - hit.storedAt, value: this.#values.read(hit), kept: true }
    }
    return this.#loadFor(key, load, options)
  }

  /** The usual case, by the shortest way: a fresh value in memory. */
  #quickHit(key: Key, scope: string | undefined, now: number): NearEntry | undefined {
    if (typeof key !== 'string' || this.#closed) return undefined
    const hit = this.#near.getFresh(nameIn(scope, key), now)
    if (hit === undefined || hit.head !== undefined) return undefined
    this.#counters.hits++
    if (hit.awaited) this.#near.used(hit)
    return hit
  }

  async #loadFor(key: Key, load: Load<Value>, options: LoadOptions): Promise<Loaded<Value>> {
    const asking = this.#asking(key, options)
    const answer = this.#ask(this.#valueAnswers, asking, options, {
      accepts: (entry, source) => this.#values.accepts(entry, source),
      bring: (work) => this.#values.bring(work, asking, load),
    })
    return this.#values.handOut(await this.#landed(answer, !options.ahead), answer.joined)
  }

  async *getOrStream(
    key: Key,
    open: (signal: AbortSignal, context: WorkContext) => AsyncIterable<Uint8Array>,
    options: StreamOptions = NONE,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const answer = await this.record(
      key,
      (context) => ({ head: null, body: open(context.signal, context) }),
      options,
    )
    yield* answer.body
  }

  async record<Head>(key: Key, open: Open<Head>, options: StreamOptions = NONE): Promise<Recorded<Head>> {
    if (options !== NONE) checkStream(options)
    const asking = this.#asking(key, options)
    const answer = this.#ask(this.#streamAnswers, asking, options, {
      accepts: (entry) => this.#streams.accepts(entry),
      bring: (work) => this.#streams.bring(work, asking, open),
    })
    const landing = await this.#landed(answer, !options.ahead)
    return this.#streams.handOut(landing, answer.seat, answer.joined) as Recorded<Head>
  }

  async delete(key: Key, options: ScopeOptions = NONE): Promise<boolean> {
    checkScope(options)
    const name = this.#nameOf(key, options.scope)?.name
    if (name === undefined) return false
    const { tiers, invalidations, failures } = this.#parts
    invalidations.name(name)
    failures.delete(name)
    this.#valueAnswers.detach(name)
    this.#streamAnswers.detach(name)
    const held = tiers.near.delete(name)
    await tiers.far?.delete(name)
    return held
  }

  async invalidateTag(tag: string, options: ScopeOptions = NONE): Promise<number> {
    checkScope(options)
    expect('tag', tag, aName)
    const { tiers, invalidations } = this.#parts
    const name = nameIn(options.scope, tag)
    invalidations.tag(name)
    this.#valueAnswers.detachTag(name)
    this.#streamAnswers.detachTag(name)
    const had = tiers.near.deleteTag(name)
    await tiers.far?.invalidateTag(name)
    return had
  }

  async clear(options: ScopeOptions = NONE): Promise<void> {
    checkScope(options)
    const prefix = options.scope === undefined ? '' : prefixOf(options.scope)
    const { tiers, invalidations, failures } = this.#parts
    invalidations.prefix(prefix)
    failures.clear()
    this.#valueAnswers.detachPrefix(prefix)
    this.#streamAnswers.detachPrefix(prefix)
    tiers.near.clear(prefix)
    await tiers.far?.clear(prefix)
  }

  async prefetch(
    jobs: Iterable<PrefetchJob<Value>>,
    options: PrefetchListOptions = NONE,
  ): Promise<PrefetchReport> {
    return prefetchList(this, jobs, options)
  }

  async prefetchOne(
    { key, load, ...options }: PrefetchJob<Value>,
    signal?: AbortSignal,
  ): Promise<'loaded' | 'present' | 'refused'> {
    checkSet(options)
    const { status, kept } = await this.#loadFor(key, load, { ...options, signal, ahead: true })
    if (status === 'miss') return kept === true ? 'loaded' : 'refused'
    return status === 'bypass' ? 'refused' : 'present'
  }

  idle(signal?: AbortSignal): Promise<void> {
    return this.#parts.traffic.idle(signal)
  }

  stats(): CacheStats {
    const { counters, tiers } = this.#parts
    return statsOf(counters, {
      entries: tiers.near.size,
      bytes: tiers.near.bytes,
      inFlight: this.#valueAnswers.underWay + this.#streamAnswers.underWay,
      resting: tiers.far?.resting ?? false,
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const reason = new DOMException('the cache was closed', 'AbortError')
    this.#closing.abort(reason)
    this.#valueAnswers.close(reason)
    this.#streamAnswers.close(reason)
    this.#parts.tiers.near.clear()
    await this.#parts.tiers.far?.close()
  }

  /** Undefined for a key that could not be made: the call goes on without the cache. */
  #nameOf(key: Key, scope: string | undefined): { key: string; name: string } | undefined {
    try {
      const made = typeof key === 'function' ? key() : key
      expect('key', made, aKey)
      return { key: made, name: nameIn(scope, made) }
    } catch (error) {
      if (typeof key !== 'function') throw error
      this.#settings.onError(error)
      return undefined
    }
  }

  #asking(key: Key, options: LoadOptions): Asking {
    options.signal?.throwIfAborted()
    const named = this.#nameOf(key, options.scope)
    const reason = this.#closed
      ? 'closed'
      : named === undefined
        ? 'no-key'
        : options.control === 'bypass'
          ? 'asked'
          : undefined
    return {
      key: named?.key ?? '',
      name: named?.name ?? '',
      options,
      bypass: reason,
      tagsIn: (tags) => tagsIn(options.scope, tags),
    }
  }

  #ask<Fresh>(
    answers: Answers<Fresh>,
    { name, bypass }: Asking,
    options: LoadOptions,
    kind: Pick<Question<Fresh>, 'accepts' | 'bring'>,
  ): Answer<Fresh> {
    const { control = 'default', signal, timeoutMs, serveStaleIf, ahead = false } = options
    const question: Question<Fresh> = {
      name,
      control: options.fresh || control === 'bypass' ? 'refresh' : control,
      tags: tagsIn(options.scope, options.tags),
      signal: signal ?? (ahead ? this.#closing.signal : undefined),
      timeoutMs,
      serveStaleIf,
      ahead,
      ...kind,
    }
    return bypass ? answers.bypass(question, bypass) : answers.ask(question)
  }

  /** Waits for the answer. @param counted whether it is a caller's, and counts */
  async #landed<Fresh>(answer: Answer<Fresh>, counted: boolean): Promise<Landing<Fresh>> {
    const { counters, tiers } = this.#parts
    let how: Status = answer.joined ? 'shared' : 'miss'
    try {
      const landing = answer.landing ?? (await answer.seat.result)
      if (landing.entry || !answer.joined) how = landing.outcome.status
      if (landing.entry && counted) tiers.near.used(landing.entry)
      return landing
    } finally {
      if (counted) counters[COUNTER[how]]++
    }
  }

  async #find(
    key: Key,
    options: LookupOptions,
    accepts: (entry: Entry, source: 'near' | 'far') => boolean,
  ): Promise<{ entry: Entry; source: 'near' | 'far'; stale: boolean; ageMs: number } | undefined> {
    const { counters, tiers } = this.#parts
    const name = this.#nameOf(key, options.scope)?.name
    const found = name === undefined || this.#closed ? undefined : await tiers.find(name)
    const now = this.clock.now()
    const freshness = found?.entry ? freshnessOf(found.entry, now) : 'expired'
    if (
      !found?.entry ||
      !SERVED[options.stale ?? 'while-revalidate'].includes(freshness) ||
      !accepts(found.entry, found.source)
    ) {
      counters.misses++
      return undefined
    }
    const { entry, source } = found
    const stale = freshness !== 'fresh'
    counters[stale ? 'stale' : 'hits']++
    tiers.near.used(entry)
    return { entry, source, stale, ageMs: Math.max(0, now - entry.storedAt) }
  }
}

/** A call whose key is made. */
interface Asking extends Asked {
  readonly name: string
  readonly options: LoadOptions
  /** Why it has nothing to do with the cache. */
  readonly bypass: 'closed' | 'no-key' | 'asked' | undefined
}

const NONE = {}
const NO_TAGS: readonly string[] = []
const HIT = { status: 'hit', reason: 'fresh', source: 'near' } as const
const FRESH = { status: 'hit', reason: 'fresh' } as const
const STALE = { status: 'stale', reason: 'asked' } as const
const aKey: Check = [(value) => typeof value === 'string', 'a string']

const COUNTER = {
  hit: 'hits',
  stale: 'stale',
  miss: 'misses',
  shared: 'shared',
  bypass: 'bypassed',
} as const satisfies Record<Status, string>

/** What may be served, by the staleness that a lookup allows. */
const SERVED: Readonly<Record<NonNullable<LookupOptions['stale']>, readonly Freshness[]>> = {
  no: ['fresh'],
  'while-revalidate': ['fresh', 'stale-while-revalidate'],
  'if-error': ['fresh', 'stale-while-revalidate', 'stale-if-error'],
}

/** Whether a fresh entry is all that is wanted. */
function isOrdinary({ control, fresh, signal, ahead }: LoadOptions): boolean {
  return (control === undefined || control === 'default') && !fresh && !ahead && !signal?.aborted
}

function tagsIn(scope: string | undefined, tags: readonly string[] | undefined): readonly string[] {
  return tags === undefined ? NO_TAGS : tags.map((tag) => nameIn(scope, tag))
}
