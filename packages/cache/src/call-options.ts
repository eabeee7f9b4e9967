import {
  aFlag,
  aFunction,
  aName,
  aSignal,
  count,
  life,
  names,
  oneOf,
  timer,
  validate,
  type Check,
} from './base/validate.ts'

/**
 * The key of an entry, or a function that returns the key. The function is called once for each call. If it throws, the call bypasses the
 * cache.
 */
export type Key = string | (() => string)

/** The option that selects whose entries a call reads and writes. */
export interface ScopeOptions {
  /** The owner of the entries: a tenant, a user, a credential. Different scopes never share keys, tags or prefetches. @default no owner */
  scope?: string | undefined
}

/** How one entry is cached. Each option but `tags` replaces the option of the cache with the same name. */
export interface EntryOptions {
  /** How long the entry is fresh, in milliseconds, at most a year. @default ttlMs of the cache */
  ttlMs?: number | undefined
  /**
   * How long after `ttlMs` the entry may be served stale, in milliseconds. A stale entry is served at once, and refreshed in the background. @default
   * staleWhileRevalidateMs of the cache
   */
  staleWhileRevalidateMs?: number | undefined
  /** How long after `ttlMs` the entry may be served stale if loading fails, in milliseconds. @default staleIfErrorMs of the cache */
  staleIfErrorMs?: number | undefined
  /** The tags of the entry: strings that are not empty. `invalidateTag` deletes all entries that have a given tag, within a scope. @default none */
  tags?: readonly string[] | undefined
}

/** Options of `get` and `replay`, which read the cache and never load. */
export interface LookupOptions extends ScopeOptions {
  /**
   * How stale an entry may be. `no`: it must be fresh. `while-revalidate`: it may be stale within `staleWhileRevalidateMs`. `if-error`:
   * also within `staleIfErrorMs`. @default 'while-revalidate'
   */
  stale?: 'no' | 'while-revalidate' | 'if-error' | undefined
}

/** Options of `getOrLoad` and `load`. */
export interface LoadOptions extends ScopeOptions, EntryOptions {
  /**
   * How the call uses the cache. `bypass`: loads, and neither reads nor writes the cache. `refresh`: loads even if there is an entry, and
   * caches the answer. `only-if-cached`: does not load, and rejects with `NotCachedError` if there is no entry.
   * @default 'default', which loads if there is no entry
   */
  control?: 'default' | 'bypass' | 'refresh' | 'only-if-cached' | undefined
  /**
   * Whether to load even if there is an entry, like `control: 'refresh'`. If true, it replaces any other `control` except `bypass`. @default false
   */
  fresh?: boolean | undefined
  /**
   * Aborts this call: it rejects at once with the signal's reason. The load goes on if other callers wait for it, else its own signal aborts.
   * @default none
   */
  signal?: AbortSignal | undefined
  /**
   * How long this call waits before it rejects with a `TimeoutError`, in milliseconds, from 1 to 2^31 - 1. A shared load goes on for callers that
   * wait longer. @default no limit
   */
  timeoutMs?: number | undefined
  /**
   * Decides which load errors a stale entry may replace, for this call. If several calls share a load, the function of the call that began the load
   * applies. @default serveStaleIf of the cache
   */
  serveStaleIf?: ((error: unknown) => boolean) | undefined
  /**
   * Decides whether a load error affects later calls for the key. If so, they do not load again for `refreshBackoffMs` (if a stale entry can be
   * served) or `negativeTtlMs`. Return false for an error that concerns only this caller, such as a used-up budget. @default always true
   */
  rememberFailureIf?: ((error: unknown) => boolean) | undefined
  /**
   * Whether this call is a prefetch. In `stats()`, prefetches are counted in `loads` and `prefetch`, but not in the counters of calls, such as `hits`
   * and `misses`. `idle()` does not wait for them. @default false
   */
  isPrefetch?: boolean | undefined
}

/** Options of `getOrStream` and `record`. */
export interface StreamOptions extends LoadOptions {
  /**
   * Returns true if the chunks are a complete answer, which may be cached; otherwise false, or a string with the reason. Called when the
   * source has ended. Also called when the last reader leaves: if the answer is complete by then, the cache waits briefly for the end of
   * the source instead of aborting it. @default every body that ended without an error is complete
   */
  isComplete?: ((chunks: readonly Uint8Array[]) => boolean | string) | undefined
  /**
   * Returns whether an entry of the far tier can be used. Receives the head of the entry, and its content: text, or the bytes of a stream.
   * The head may be any JSON value, because another version or program may have written the entry. If the function returns false or throws,
   * the entry counts as unreadable, and the call is a miss. @default every entry is usable
   */
  isUsable?: ((head: unknown, content: string | Uint8Array) => boolean) | undefined
  /**
   * The maximum size of a cached answer, in bytes, at least 1. A longer answer is passed on to the caller, but not cached. This is also how many
   * bytes the slowest reader of a stream may be behind the fastest; beyond it, the slow reader fails with RecordingLagError. @default 4_194_304 (4
   * MiB)
   */
  maxRecordBytes?: number | undefined
  /**
   * What to do when all readers have left before the end of the source: `abort` it, or `finish` reading it, for at most `refreshTimeoutMs`, and cache
   * the answer. @default 'abort'
   */
  onLastReaderGone?: 'abort' | 'finish' | undefined
}

/** Checks ScopeOptions. @throws TypeError for an unknown or invalid option */
export const checkScope = (options: object): void => validate(options, SCOPE)
/** Checks EntryOptions. @throws TypeError for an unknown or invalid option */
export const checkEntry = (options: object): void => validate(options, ENTRY)
/** Checks the options of `set`. @throws TypeError for an unknown or invalid option */
export const checkSet = (options: object): void => validate(options, SET)
/** Checks LookupOptions. @throws TypeError for an unknown or invalid option */
export const checkLookup = (options: object): void => validate(options, LOOKUP)
/** Checks LoadOptions. @throws TypeError for an unknown or invalid option */
export const checkLoad = (options: object): void => validate(options, LOAD)
/** Checks StreamOptions. @throws TypeError for an unknown or invalid option */
export const checkStream = (options: object): void => validate(options, STREAM)

const SCOPE: Readonly<Record<keyof ScopeOptions, Check>> = { scope: aName }

const ENTRY: Readonly<Record<keyof EntryOptions, Check>> = {
  ttlMs: life,
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  tags: names,
}

// Written out, since bundlers cannot remove unused objects that are made by spreading.
const SET: Readonly<Record<keyof (ScopeOptions & EntryOptions), Check>> = {
  scope: aName,
  ttlMs: life,
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  tags: names,
}

const LOOKUP: Readonly<Record<keyof LookupOptions, Check>> = {
  scope: aName,
  stale: /* @__PURE__ */ oneOf('no', 'while-revalidate', 'if-error'),
}

const CONTROL: Check = /* @__PURE__ */ oneOf('default', 'bypass', 'refresh', 'only-if-cached')

const LOAD: Readonly<Record<keyof LoadOptions, Check>> = {
  scope: aName,
  ttlMs: life,
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  tags: names,
  control: CONTROL,
  fresh: aFlag,
  signal: aSignal,
  timeoutMs: timer,
  serveStaleIf: aFunction,
  rememberFailureIf: aFunction,
  isPrefetch: aFlag,
}

const STREAM: Readonly<Record<keyof StreamOptions, Check>> = {
  scope: aName,
  ttlMs: life,
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  tags: names,
  control: CONTROL,
  fresh: aFlag,
  signal: aSignal,
  timeoutMs: timer,
  serveStaleIf: aFunction,
  rememberFailureIf: aFunction,
  isPrefetch: aFlag,
  isComplete: aFunction,
  isUsable: aFunction,
  maxRecordBytes: count,
  onLastReaderGone: /* @__PURE__ */ oneOf('abort', 'finish'),
}
