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
 * The key of an entry, or a function that makes it. The function is called once. If it throws, the call goes on without the cache, and
 * counts as bypassed.
 */
export type Key = string | (() => string)

/** The owner of an entry. */
export interface ScopeOptions {
  /** The owner of the entries: a tenant, a user, a credential. Keys, tags and prefetches of different scopes never mix. @default none */
  scope?: string | undefined
}

/** How an entry is cached. Each option overrides the same option of the cache. */
export interface EntryOptions {
  /** How long it is fresh, in milliseconds. */
  ttlMs?: number | undefined
  /** How long after its time to live it is served stale at once, with a refresh in the background, in milliseconds. */
  staleWhileRevalidateMs?: number | undefined
  /** How long after its time to live it is served stale if loading fails, in milliseconds. */
  staleIfErrorMs?: number | undefined
  /** Tags for `invalidateTag`, in the entry's scope. */
  tags?: readonly string[] | undefined
}

export interface LookupOptions extends ScopeOptions {
  /**
   * How stale an entry may be: `no`, fresh only; `while-revalidate`, within `staleWhileRevalidateMs`; `if-error`, also within
   * `staleIfErrorMs`. @default 'while-revalidate'
   */
  stale?: 'no' | 'while-revalidate' | 'if-error' | undefined
}

export interface LoadOptions extends ScopeOptions, EntryOptions {
  /**
   * `bypass`: load, and neither read nor write the cache. `refresh`: load even if there is an entry, and cache the answer.
   * `only-if-cached`: do not load; rejects with `NotCachedError` if there is no entry. @default 'default'
   */
  control?: 'default' | 'bypass' | 'refresh' | 'only-if-cached' | undefined
  /** The same as `control: 'refresh'`. @default false */
  fresh?: boolean | undefined
  /** When it aborts, this call rejects at once with its reason. The load goes on for other callers that wait for it. */
  signal?: AbortSignal | undefined
  /** How long this call waits, in milliseconds, before it rejects with a `TimeoutError`. A shared load goes on for callers that wait longer. */
  timeoutMs?: number | undefined
  /** Replaces the `serveStaleIf` of the cache. Of calls that share a load, that of the first call applies. */
  serveStaleIf?: ((error: unknown) => boolean) | undefined
  /** This is a prefetch: it is counted as such and not as a call, and `idle()` does not wait for it. @default false */
  ahead?: boolean | undefined
}

export interface StreamOptions extends LoadOptions {
  /**
   * Whether these chunks are a complete answer; a string means no, and is the reason. Called when the source has ended, and when the last
   * reader leaves: if the answer is complete, the cache waits briefly for the end instead of aborting. @default every body that ended
   * without an error is complete
   */
  isComplete?: ((chunks: readonly Uint8Array[]) => boolean | string) | undefined
  /**
   * Whether an entry of the far tier can be used, by its head and its content: text, or the bytes of a stream. An entry of another version
   * or program may have any JSON value as head. An unusable entry is a miss, counted as unreadable, as is one for which this function
   * throws. @default every entry is usable
   */
  isUsable?: ((head: unknown, content: string | Uint8Array) => boolean) | undefined
  /**
   * A longer answer is passed on and not cached. Also the maximum distance between the fastest and the slowest reader of one stream, in
   * bytes. @default 4_194_304 (4 MiB)
   */
  maxRecordBytes?: number | undefined
  /** When all readers have left: abort the source, or read it to its end and cache the answer. @default 'abort' */
  onLastReaderGone?: 'abort' | 'finish' | undefined
}

/** @throws TypeError for an unknown or invalid option */
export const checkScope = (options: object): void => validate(options, SCOPE)
/** @throws TypeError for an unknown or invalid option */
export const checkEntry = (options: object): void => validate(options, ENTRY)
/** @throws TypeError for an unknown or invalid option */
export const checkSet = (options: object): void => validate(options, SET)
/** @throws TypeError for an unknown or invalid option */
export const checkLookup = (options: object): void => validate(options, LOOKUP)
/** @throws TypeError for an unknown or invalid option */
export const checkLoad = (options: object): void => validate(options, LOAD)
/** @throws TypeError for an unknown or invalid option */
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
  ahead: aFlag,
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
  ahead: aFlag,
  isComplete: aFunction,
  isUsable: aFunction,
  maxRecordBytes: count,
  onLastReaderGone: /* @__PURE__ */ oneOf('abort', 'finish'),
}
