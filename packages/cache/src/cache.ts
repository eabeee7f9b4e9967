import type {
  EntryOptions,
  Key,
  LoadOptions,
  LookupOptions,
  ScopeOptions,
  StreamOptions,
} from './call-options.ts'
import type { CacheStats } from './cache-stats.ts'
import type { Stored } from './outcome.ts'
import type { PrefetchJob, PrefetchListOptions, PrefetchReport } from './prefetch/prefetch-list.ts'
import type { Open, Recorded } from './stream/streams.ts'
import type { Load, Loaded } from './loads/values.ts'
import type { WorkContext } from './loads/keep-decision.ts'

/** An entry that a lookup found. */
export interface Lookup<Value> {
  readonly value: Value
  readonly source: 'near' | 'far'
  readonly stale: boolean
  /** How long ago the value was stored, in milliseconds. */
  readonly ageMs: number
}

/**
 * A cache for answers that are slow or expensive to get: values, and recorded streams. Created by `createCache`.
 *
 * No method rejects because a tier fails, except `clear()`. Methods that take options reject with a TypeError for an invalid one.
 */
export interface Cache<Value> {
  /** Returns the cached value, or undefined. Does not load. */
  get(key: Key, options?: LookupOptions): Promise<Lookup<Value> | undefined>

  /**
   * Whether the near tier has a fresh entry for this key. The check is not counted in `stats()`, nor as a use of the entry.
   */
  has(key: Key, options?: ScopeOptions): boolean

  /**
   * Stores a value in both tiers. Resolves when the far tier has stored the value, or has failed to.
   * @returns `true`, or the reason why the value is not cached
   */
  set(key: Key, value: Value, options?: ScopeOptions & EntryOptions): Promise<Stored>

  /**
   * Returns the cached value, or loads and caches it. Concurrent calls with the same key share one load. The load has a signal of its own,
   * which aborts when all calls that share it are aborted or have timed out.
   *
   * @throws the error of the load, to all callers that wait for it; the caller's own abort reason; `TimeoutError`; `NotCachedError`
   */
  getOrLoad(key: Key, load: Load<Value>, options?: LoadOptions): Promise<Value>

  /** Like `getOrLoad`, and reports how the call was answered: hit, stale, miss, shared or bypass, and why. */
  load(key: Key, load: Load<Value>, options?: LoadOptions): Promise<Loaded<Value>>

  /**
   * Returns the cached bytes, or opens the source and records its bytes while they are read. Callers that arrive during the recording get
   * the bytes recorded so far, then the rest. The source is opened when the first chunk is requested.
   */
  getOrStream(
    key: Key,
    open: (signal: AbortSignal, context: WorkContext) => AsyncIterable<Uint8Array>,
    options?: StreamOptions,
  ): AsyncIterable<Uint8Array>

  /**
   * Like `getOrStream`, for an answer with a head, such as status and headers. Resolves when the head has arrived: with the head, a body
   * for this caller alone, and how the call was answered. A caller that does not read the body to its end must `cancel()` it, or abort its
   * signal.
   */
  record<Head>(key: Key, open: Open<Head>, options?: StreamOptions): Promise<Recorded<Head>>

  /** Returns the cached recorded answer, or undefined. Never opens a source. To get stale answers in an outage, pass `stale: 'if-error'`. */
  replay<Head>(key: Key, options?: LookupOptions): Promise<Recorded<Head> | undefined>

  /** Deletes the entry of a key. A load in flight for this key will not be cached. @returns whether the near tier had an entry */
  delete(key: Key, options?: ScopeOptions): Promise<boolean>

  /**
   * Deletes all entries with this tag. Loads in flight with this tag will not be cached.
   * @returns how many entries of the near tier had the tag
   */
  invalidateTag(tag: string, options?: ScopeOptions): Promise<number>

  /** Deletes all entries, or all entries of a scope. @throws the error of the far tier; in this case only the near tier is cleared */
  clear(options?: ScopeOptions): Promise<void>

  /** Loads and caches the jobs that are not cached yet. Resolves with a report, in which failed jobs are counted. */
  prefetch(jobs: Iterable<PrefetchJob<Value>>, options?: PrefetchListOptions): Promise<PrefetchReport>

  /** Resolves when no caller waits for a load. Prefetches and background refreshes do not count. */
  idle(signal?: AbortSignal): Promise<void>

  stats(): CacheStats

  /**
   * Aborts background refreshes and prefetches, waits for pending writes, and closes the far tier. Later calls load, and their answers
   * are not cached.
   */
  close(): Promise<void>
}
