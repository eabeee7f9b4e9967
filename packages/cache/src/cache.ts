import type {
  EntryOptions,
  Key,
  LoadOptions,
  LookupOptions,
  ScopeOptions,
  StreamOptions,
} from './call-options.ts'
import type { CacheStats } from './cache-stats.ts'
import type { Kept } from './outcome.ts'
import type { PrefetchJob, PrefetchListOptions, PrefetchReport } from './prefetch/prefetch-list.ts'
import type { Open, Recorded } from './stream/streams.ts'
import type { Load, Loaded } from './loads/values.ts'
import type { WorkContext } from './loads/keep-decision.ts'

/** What a lookup found. */
export interface Lookup<Value> {
  readonly value: Value
  readonly source: 'near' | 'far'
  readonly stale: boolean
  /** How long ago it was stored. */
  readonly ageMs: number
}

/**
 * A cache of answers that are slow or costly to get: values, and recorded streams. Made by `createCache`.
 *
 * No method rejects because a tier fails. Those that take options reject with a TypeError when an option makes no sense.
 */
export interface Cache<Value> {
  /** What is kept under this key, or undefined. Nothing is loaded. */
  get(key: Key, options?: LookupOptions): Promise<Lookup<Value> | undefined>

  /** Whether the near tier holds something fresh under this key. It counts as no lookup, and as no use. */
  has(key: Key, options?: ScopeOptions): boolean

  /** Keeps a value. Resolves when the far tier has it too, or has failed: with `true`, or with why it is not kept. */
  set(key: Key, value: Value, options?: ScopeOptions & EntryOptions): Promise<Kept>

  /**
   * The value that is kept, or else what `load` brings, which is kept then. However many call at once, there is one load; it
   * runs on a signal of its own, which aborts when all of them have left.
   *
   * @throws what the load throws, to all who wait for it; the caller's own abort reason, or `TimeoutError`; `NotCachedError`
   */
  getOrLoad(key: Key, load: Load<Value>, options?: LoadOptions): Promise<Value>

  /** The same, with how the call was answered: hit, stale, miss, shared or bypass, and why. */
  load(key: Key, load: Load<Value>, options?: LoadOptions): Promise<Loaded<Value>>

  /**
   * The bytes that are kept, or else those of the source, which are recorded as they pass. Callers that come while it is on its
   * way get what has come so far and then the rest. Nothing is opened before the first chunk is asked for.
   */
  getOrStream(
    key: Key,
    open: (signal: AbortSignal, context: WorkContext) => AsyncIterable<Uint8Array>,
    options?: StreamOptions,
  ): AsyncIterable<Uint8Array>

  /**
   * The same for an answer with a head, such as status and headers: resolves when the head is there, with a body of this
   * caller's own, and how the call was answered. A caller that does not read the body to its end must `cancel()` it, or abort.
   */
  record<Head>(key: Key, open: Open<Head>, options?: StreamOptions): Promise<Recorded<Head>>

  /** The recorded answer that is kept, or undefined. Nothing is opened. With `stale: 'if-error'` it is the last resort in an outage. */
  replay<Head>(key: Key, options?: LookupOptions): Promise<Recorded<Head> | undefined>

  /** Forgets a key; what is being loaded for it is not kept. @returns whether the near tier held it */
  delete(key: Key, options?: ScopeOptions): Promise<boolean>

  /** Forgets everything with this tag, also what is being loaded. @returns how many entries of the near tier had it */
  invalidateTag(tag: string, options?: ScopeOptions): Promise<number>

  /** Forgets everything, or everything in a scope. @throws what the far tier throws: then only the near tier has forgotten */
  clear(options?: ScopeOptions): Promise<void>

  /** Loads what is not there yet, ahead of anybody's asking. Never rejects because of a job; resolves with what became of them. */
  prefetch(jobs: Iterable<PrefetchJob<Value>>, options?: PrefetchListOptions): Promise<PrefetchReport>

  /** Resolves when no load is under way that somebody waits for. */
  idle(signal?: AbortSignal): Promise<void>

  stats(): CacheStats

  /**
   * Ends refreshes and what is loaded ahead, waits for what is being written, and closes the far tier. Calls are answered by
   * loads from then on, which are not kept.
   */
  close(): Promise<void>
}
