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
 * What an entry is kept under. A function is called once, and may throw: the call is then answered as if there were no cache,
 * and counted as bypassed.
 */
export type Key = string | (() => string)

/** Whose entry it is. */
export interface ScopeOptions {
  /** Whose entries these are: a tenant, a user, a credential. No key, tag or prefetch of one scope sees another's. @default none */
  scope?: string | undefined
}

/** How an entry is kept, where it differs from the cache's options. */
export interface EntryOptions {
  /** How long it is fresh, in milliseconds. */
  ttlMs?: number | undefined
  staleWhileRevalidateMs?: number | undefined
  staleIfErrorMs?: number | undefined
  /** What it can be invalidated by, in its scope. */
  tags?: readonly string[] | undefined
}

export interface LookupOptions extends ScopeOptions {
  /** How stale an entry may be: not at all, as much as one may be while it is loaded anew, or as much as after an error. @default 'while-revalidate' */
  stale?: 'no' | 'while-revalidate' | 'if-error' | undefined
}

export interface LoadOptions extends ScopeOptions, EntryOptions {
  /**
   * `bypass`: load, and have nothing to do with the cache. `refresh`: load, whatever the cache holds, and keep it.
   * `only-if-cached`: do not load; rejects with `NotCachedError` when there is nothing. @default 'default'
   */
  control?: 'default' | 'bypass' | 'refresh' | 'only-if-cached' | undefined
  /** The same as `control: 'refresh'`. @default false */
  fresh?: boolean | undefined
  /** Its abort ends this call at once, with its reason. The load goes on for others who wait for it. */
  signal?: AbortSignal | undefined
  /** How long this call waits; then it rejects with a `TimeoutError`. A shared load goes on for those who wait longer. */
  timeoutMs?: number | undefined
  /** Instead of the cache's own. It counts for the call that began the load. */
  serveStaleIf?: ((error: unknown) => boolean) | undefined
  /** Nobody has asked yet: it counts as loaded ahead instead of as a call, and other loads do not wait for it. @default false */
  ahead?: boolean | undefined
}

export interface StreamOptions extends LoadOptions {
  /**
   * Whether these chunks are a whole answer; a string is a no that says why. Asked when the source has ended, and when the last
   * reader leaves: if all is there, the end is waited for instead of aborted. @default whatever ended in order is whole
   */
  isComplete?: ((chunks: readonly Uint8Array[]) => boolean | string) | undefined
  /**
   * Whether an entry of the far tier can be used, by its head and its content: text, or the bytes of a stream. One that another version or
   * another program wrote may have any head that JSON can carry. What is not usable, and what this function throws on, is a counted miss.
   * @default every entry is
   */
  isUsable?: ((head: unknown, content: string | Uint8Array) => boolean) | undefined
  /** What is longer is passed on and not kept. It is also how far readers of one stream may be apart. @default 4_194_304 (4 MiB) */
  maxRecordBytes?: number | undefined
  /** When all readers have left: abort the source, or read it to its end and keep it. @default 'abort' */
  onLastReaderGone?: 'abort' | 'finish' | undefined
}

/** @throws TypeError for an option that does not exist or makes no sense */
export const checkScope = (options: object): void => validate(options, SCOPE)
/** @throws TypeError for an option that does not exist or makes no sense */
export const checkEntry = (options: object): void => validate(options, ENTRY)
/** @throws TypeError for an option that does not exist or makes no sense */
export const checkSet = (options: object): void => validate(options, SET)
/** @throws TypeError for an option that does not exist or makes no sense */
export const checkLookup = (options: object): void => validate(options, LOOKUP)
/** @throws TypeError for an option that does not exist or makes no sense */
export const checkLoad = (options: object): void => validate(options, LOAD)
/** @throws TypeError for an option that does not exist or makes no sense */
export const checkStream = (options: object): void => validate(options, STREAM)

const SCOPE: Readonly<Record<keyof ScopeOptions, Check>> = { scope: aName }

const ENTRY: Readonly<Record<keyof EntryOptions, Check>> = {
  ttlMs: life,
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  tags: names,
}

// Written out: a bundler cannot leave out what spreads.
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
