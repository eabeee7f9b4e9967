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
 * The key of an entry, or a function that returns the key. The function is called once per call. If it throws, the call bypasses the cache.
 */
export type Key = string | (() => string)

/** The owner of the entries that a call reads or writes. */
export interface ScopeOptions {
  /** The owner of the entries: a tenant, a user, a credential. Keys, tags and prefetches of different scopes never mix. @default none */
  scope?: string | undefined
}

/** How an entry is cached. Each option overrides the same option of the cache. */
export interface EntryOptions {
  /** How long the entry is fresh, in milliseconds. */
  ttlMs?: number | undefined
  /** How long after `ttlMs` the entry may be served stale, in milliseconds: it is served at once and refreshed in the background. */
  staleWhileRevalidateMs?: number | undefined
  /** How long after `ttlMs` the entry may be served stale if loading fails, in milliseconds. */
  staleIfErrorMs?: number | undefined
  /** The tags of the entry: `invalidateTag` deletes all entries of a scope with a given tag. */
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
  /** Aborts this call, which then rejects at once with the signal's reason. The load goes on for other callers that wait for it. */
  signal?: AbortSignal | undefined
  /** How long this call waits, in milliseconds, before it rejects with a `TimeoutError`. A shared load goes on for callers that wait longer. */
  timeoutMs?: number | undefined
  /** Replaces the `serveStaleIf` of the cache. If several calls share a load, the function of the first call applies. */
  serveStaleIf?: ((error: unknown) => boolean) | undefined
  /** Marks this call as a prefetch: it is counted as a prefetch and not as a call, and `idle()` does not wait for it. @default false */
  ahead?: boolean | undefined
}

export interface StreamOptions extends LoadOptions {
  /**
   * Whether the chunks are a complete answer, which may be cached. Returns true, false, or a string: the reason why the answer is
   * incomplete. Called when the source has ended. Also called when the last reader leaves: if the answer is complete by then, the cache
   * waits briefly for the end of the source instead of aborting it. @default every body that ended without an error is complete
   */
  isComplete?: ((chunks: readonly Uint8Array[]) => boolean | string) | undefined
  /**
   * Whether an entry of the far tier can be used. Receives the head of the entry and its content: text, or the bytes of a stream. The head
   * may be any JSON value, since another version or program may have written the entry. If the function returns false or throws, the entry
   * counts as unreadable and the call is a miss. @default every entry is usable
   */
  isUsable?: ((head: unknown, content: string | Uint8Array) => boolean) | undefined
  /**
   * The maximum size of a cached answer, in bytes; a longer answer is passed on and not cached. Also the maximum distance between the
   * fastest and the slowest reader of one stream, in bytes. @default 4_194_304 (4 MiB)
   */
  maxRecordBytes?: number | undefined
  /** What to do when all readers have left: `abort` the source, or `finish` reading it and cache the answer. @default 'abort' */
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
