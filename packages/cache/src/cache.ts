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

/** An entry that `get` found: its value, where it came from, and how old it is. */
export interface Lookup<Value> {
  /** The cached value: decoded by the codec for this caller, unless it is text or bytes. */
  readonly value: Value
  /** The tier that had the entry: memory (`near`) or the far tier (`far`). */
  readonly source: 'near' | 'far'
  /** Whether the time to live of the entry is over. Always false with `stale: 'no'`. */
  readonly stale: boolean
  /** How long ago the value was stored, in milliseconds. */
  readonly ageMs: number
}

/**
 * A cache for answers that are slow or expensive to get: values, and recorded streams. Created by `createCache`.
 *
 * Entries are in two tiers: the near tier is memory, the far tier is the store that you pass as `farTier`, if any. If a tier fails, only `clear()`
 * rejects. Methods that take options fail with a TypeError for an unknown or invalid option.
 */
export interface Cache<Value> {
  /** Returns the cached value with its age and its tier, or undefined if there is none. Does not load, and starts no refresh. */
  get(key: Key, options?: LookupOptions): Promise<Lookup<Value> | undefined>

  /**
   * Whether the near tier, which is memory, has a fresh entry for this key. The check is not counted in `stats()`, and does not count as a
   * use of the entry.
   */
  has(key: Key, options?: ScopeOptions): boolean

  /**
   * Stores a value in both tiers. Resolves when the write to the far tier has ended, whether or not it succeeded.
   *
   * @returns `true`, or the reason why the value is not cached
   */
  set(key: Key, value: Value, options?: ScopeOptions & EntryOptions): Promise<Stored>

  /**
   * Returns the cached value, or loads and caches it. Concurrent calls with the same key share one load. The load has a signal of its own, which
   * aborts when all calls that share the load are aborted or have timed out.
   *
   * @throws the error of the load; the reason of the caller's own signal after an abort; `TimeoutError` after `timeoutMs`; `NotCachedError` with
   * `control: 'only-if-cached'`
   */
  getOrLoad(key: Key, load: Load<Value>, options?: LoadOptions): Promise<Value>

  /** Like `getOrLoad`, but also returns how the call was answered (hit, stale, miss, shared or bypass), and why. */
  load(key: Key, load: Load<Value>, options?: LoadOptions): Promise<Loaded<Value>>

  /**
   * Returns the cached bytes, or opens the source and records its bytes while they are read. A caller that arrives during the recording
   * gets the bytes recorded so far, then the rest. The source is opened only when the first chunk is requested.
   */
  getOrStream(
    key: Key,
    open: (signal: AbortSignal, context: WorkContext) => AsyncIterable<Uint8Array>,
    options?: StreamOptions,
  ): AsyncIterable<Uint8Array>

  /**
   * Like `getOrStream`, but for an answer that has a head, such as status and headers. Resolves when the head has arrived, with the head, a
   * body for this caller alone, and how the call was answered. A caller that does not read the body to its end must `cancel()` it, or abort
   * the signal of the call.
   */
  record<Head>(key: Key, open: Open<Head>, options?: StreamOptions): Promise<Recorded<Head>>

  /**
   * Returns the cached recorded answer, or undefined. Never opens a source. Pass `stale: 'if-error'` to get stale answers during an outage.
   */
  replay<Head>(key: Key, options?: LookupOptions): Promise<Recorded<Head> | undefined>

  /**
   * Deletes the entry of a key. If a load of this key is in flight, its answer will not be cached.
   *
   * @returns whether the near tier had an entry
   */
  delete(key: Key, options?: ScopeOptions): Promise<boolean>

  /**
   * Deletes all entries with this tag, within the scope that is passed. If loads with this tag are in flight, their answers will not be cached.
   *
   * @returns how many entries of the near tier had the tag
   */
  invalidateTag(tag: string, options?: ScopeOptions): Promise<number>

  /**
   * Deletes all entries, or all entries of a scope.
   *
   * @throws the error of the far tier; then only the near tier has been cleared
   */
  clear(options?: ScopeOptions): Promise<void>

  /** Loads and caches the jobs that are not cached yet. Resolves with a report, which counts the jobs by outcome, failed ones included. */
  prefetch(jobs: Iterable<PrefetchJob<Value>>, options?: PrefetchListOptions): Promise<PrefetchReport>

  /**
   * Resolves as soon as no caller waits for a load, at once if none does. Prefetches and background refreshes do not count. Rejects with the reason
   * of `signal` when that signal aborts.
   */
  idle(signal?: AbortSignal): Promise<void>

  /** Returns the counters since the cache was created, and its state now. */
  stats(): CacheStats

  /**
   * Aborts background refreshes and prefetches, waits for pending writes, and closes the far tier. Loads that callers wait for go on to their
   * end; `close` does not wait for them. Later calls load their answers, and do not cache them.
   */
  close(): Promise<void>
}
