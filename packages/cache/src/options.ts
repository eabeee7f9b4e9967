import { systemClock, type Clock } from './base/clock.ts'
import { jsonCodec, type Codec } from './tiers/codec.ts'
import type { CacheStore } from './stores/store.ts'
import {
  aClock,
  aFunction,
  aFraction,
  count,
  having,
  life,
  timer,
  validate,
  type Check,
} from './base/validate.ts'
import { warn } from './base/warn.ts'

/** Options of `createCache`. Times are in milliseconds, and at most a year unless said otherwise. */
export interface CacheOptions<Value> {
  /** The maximum number of entries in memory, from 1 to 16,777,216; the least recently used is evicted first. @default 1_000 */
  maxEntries?: number | undefined
  /**
   * The maximum size of all entries in memory, in bytes: content, keys, tags, and 256 for each entry. The least recently used is evicted first; an
   * answer larger than this is not cached. @default 67_108_864 (64 MiB)
   */
  maxBytes?: number | undefined
  /** How long an entry is fresh, in milliseconds; at most a year. 0 caches nothing, unless an entry may be served stale. @default 3_600_000 */
  ttlMs?: number | undefined
  /** The maximum fraction, from 0 to 1, by which each time to live is shortened at random, so that entries do not all expire at once. @default 0.1 */
  ttlJitter?: number | undefined
  /**
   * How long after `ttlMs` an entry may be served stale, in milliseconds, at most a year. It is served at once, and refreshed in the background. With
   * 0, a call waits for the load instead. @default 0
   */
  staleWhileRevalidateMs?: number | undefined
  /**
   * How long after `ttlMs` an entry may be served stale if loading fails, in milliseconds, at most a year. `serveStaleIf` decides for which errors.
   * With 0, the call fails instead. @default 0
   */
  staleIfErrorMs?: number | undefined
  /**
   * Returns whether a stale entry may be served instead of this load error. @default true, but false for an error whose `status` is 400 to 499 and
   * not 408, 409, 425 or 429: an invalid request must not look successful
   */
  serveStaleIf?: ((error: unknown) => boolean) | undefined
  /**
   * How long a key is not loaded again after a failed load, in milliseconds, at most a year. During this time, calls get the error of that load,
   * unless a stale entry can be served. @default 0: the next call loads again
   */
  negativeTtlMs?: number | undefined
  /**
   * How long a key is not loaded again after a failed load, in milliseconds, if a stale entry can be served instead. Without such an entry,
   * `negativeTtlMs` decides. @default 10_000
   */
  refreshBackoffMs?: number | undefined
  /**
   * The time limit of a background refresh, in milliseconds, from 1 to 2^31 - 1. After that, the signal of the refresh aborts. A refresh has no
   * caller that could abort it. @default 300_000
   */
  refreshTimeoutMs?: number | undefined
  /**
   * The prefix of all keys in the far tier, without `:` and `#`. Caches with the same store and the same namespace share entries. Has no effect
   * without `farTier`. @default 'harbor'
   */
  namespace?: string | undefined
  /** A second, slower cache (L2), which outlives the process or is shared between processes. @default none */
  farTier?: CacheStore | undefined
  /** How long a call waits for the far tier before it loads, in milliseconds, from 1 to 2^31 - 1. @default 50 */
  farReadTimeoutMs?: number | undefined
  /** How long `set`, `delete`, `invalidateTag` and `close` wait for the far tier, in milliseconds, from 1 to 2^31 - 1. @default 500 */
  farWriteTimeoutMs?: number | undefined
  /**
   * How long the far tier is not used after a timeout, or after three errors in a row, in milliseconds, from 1 to 2^31 - 1. If the first operation
   * after such a cooldown fails, the next cooldown is twice as long, up to a minute. @default 5_000
   */
  farCooldownMs?: number | undefined
  /** Encodes and decodes values that are neither strings nor bytes; pass one for values that JSON cannot represent, such as dates. @default JSON */
  codec?: Codec<Value> | undefined
  /**
   * Called with every error that does not reject a call: errors of the far tier, of background refreshes, and of functions in the options. If it
   * throws, a warning is emitted. @default such errors are ignored
   */
  onError?: ((error: unknown) => void) | undefined
  /** The source of the current time. @default a monotonic clock */
  clock?: Clock | undefined
  /** Returns random numbers from 0 up to, but not including, 1, for `ttlJitter`. @default Math.random */
  random?: (() => number) | undefined
}

/** The options with their defaults filled in. */
export type Settings<Value> = {
  readonly [Name in keyof CacheOptions<Value>]-?: Name extends 'farTier'
    ? CacheStore | undefined
    : NonNullable<CacheOptions<Value>[Name]>
}

/** The settings, without those whose type depends on the values. */
export type EntrySettings = Omit<Settings<unknown>, 'codec'>

/** Checks the options of a cache. @throws TypeError for an unknown or invalid option */
export function checkCacheOptions<Value>(options: CacheOptions<Value>): void {
  validate(options, CHECKS)
}

/** Checks the options and fills in the defaults. @throws TypeError for an unknown or invalid option */
export function settingsOf<Value>(options: CacheOptions<Value>): Settings<Value> {
  validate(options, CHECKS)
  const settings: Record<string, unknown> = { ...DEFAULTS }
  for (const name in options) settings[name] = options[name as keyof CacheOptions<Value>] ?? settings[name]
  return { ...(settings as Settings<Value>), onError: guarded(options.onError) }
}

/** Decides by default whether a stale entry is served: true for an outage, false if the request is invalid, or no longer allowed. */
function serveStaleByDefault(error: unknown): boolean {
  const { status } = Object(error) as { status?: unknown }
  return typeof status !== 'number' || status < 400 || status > 499 || TEMPORARY.includes(status)
}

/** The statuses of client errors that may not occur again at the next attempt: the origin was busy, or the request was too slow. */
const TEMPORARY = [408, 409, 425, 429]

const DEFAULTS: Settings<unknown> = {
  maxEntries: 1_000,
  maxBytes: 67_108_864,
  ttlMs: 3_600_000,
  ttlJitter: 0.1,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  serveStaleIf: serveStaleByDefault,
  negativeTtlMs: 0,
  refreshBackoffMs: 10_000,
  refreshTimeoutMs: 300_000,
  namespace: 'harbor',
  farTier: undefined,
  farReadTimeoutMs: 50,
  farWriteTimeoutMs: 500,
  farCooldownMs: 5_000,
  codec: jsonCodec,
  onError: () => undefined,
  clock: systemClock,
  random: () => Math.random(),
}

/** Wraps `onError`. If it throws, that error is reported as a process warning, and affects no call. */
function guarded(hook: ((error: unknown) => void) | undefined): (error: unknown) => void {
  return (error) => {
    try {
      hook?.(error)
    } catch (thrown) {
      warn(thrown)
    }
  }
}

const CHECKS: Readonly<Record<keyof CacheOptions<never>, Check>> = {
  maxEntries: [
    // lru-cache allocates arrays for all entries in advance.
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 16_777_216,
    'a whole number from 1 to 16777216',
  ],
  maxBytes: count,
  ttlMs: life,
  ttlJitter: aFraction,
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  serveStaleIf: aFunction,
  negativeTtlMs: life,
  refreshBackoffMs: life,
  refreshTimeoutMs: timer,
  namespace: [
    (value) => typeof value === 'string' && /^[^:#]*$/.test(value),
    'a string without a colon or a number sign',
  ],
  farTier: /* @__PURE__ */ having('a store with get, set and delete', 'get', 'set', 'delete'),
  farReadTimeoutMs: timer,
  farWriteTimeoutMs: timer,
  farCooldownMs: timer,
  codec: /* @__PURE__ */ having('a codec with encode and decode', 'encode', 'decode'),
  onError: aFunction,
  clock: aClock,
  random: aFunction,
}
