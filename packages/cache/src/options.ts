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

export interface CacheOptions<Value> {
  /** The maximum number of entries in memory; the least recently used is evicted first. @default 1_000 */
  maxEntries?: number | undefined
  /** The maximum size of all entries in memory, in bytes: content, keys, tags, and 256 for each entry. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined
  /** How long an entry is fresh, in milliseconds; at most a year. @default 3_600_000 */
  ttlMs?: number | undefined
  /** Shortens each time to live at random by up to this fraction, so that entries do not all expire at once. @default 0.1 */
  ttlJitter?: number | undefined
  /** How long after `ttlMs` an entry is served stale at once, and refreshed in the background, in milliseconds. @default 0 */
  staleWhileRevalidateMs?: number | undefined
  /** How long after `ttlMs` an entry is served stale if loading fails, in milliseconds. @default 0 */
  staleIfErrorMs?: number | undefined
  /**
   * Returns whether a stale entry may be served instead of this error. @default any error, except one with a `status`
   * from 400 to 499 other than 408, 409, 425 and 429: an invalid request must not look successful
   */
  serveStaleIf?: ((error: unknown) => boolean) | undefined
  /**
   * How long after a failed load its key is not loaded again, in milliseconds. Until then, calls get the error of that load, unless a stale
   * entry can be served. @default 0
   */
  negativeTtlMs?: number | undefined
  /** How long after a failed load its key is not loaded again while a stale entry can be served, in milliseconds. @default 10_000 */
  refreshBackoffMs?: number | undefined
  /** The time limit of a background refresh, which has no caller that could end it, in milliseconds. @default 300_000 */
  refreshTimeoutMs?: number | undefined
  /** The prefix of the keys in the far tier. Caches with the same store and the same namespace share entries. @default 'harbor' */
  namespace?: string | undefined
  /** A second, slower tier (L2), which outlives the process or is shared between processes. @default none */
  farTier?: CacheStore | undefined
  /** How long to wait for the far tier before loading, in milliseconds. @default 50 */
  farReadTimeoutMs?: number | undefined
  /** How long `set`, `delete`, `invalidateTag` and `close` wait for the far tier, in milliseconds. @default 500 */
  farWriteTimeoutMs?: number | undefined
  /**
   * The cooldown of the far tier: how long it is not used after a timeout or three errors in a row, in milliseconds. If the first operation
   * after a cooldown fails, the next cooldown is twice as long, up to a minute. @default 5_000
   */
  farCooldownMs?: number | undefined
  /** How values other than strings and bytes are encoded. @default JSON */
  codec?: Codec<Value> | undefined
  /** Called with errors that no call rejects with, such as those of the far tier, of background refreshes and of hooks. */
  onError?: ((error: unknown) => void) | undefined
  /** The source of the current time. @default a monotonic clock */
  clock?: Clock | undefined
  /** The random source of the jitter, which returns numbers from 0 to 1. @default Math.random */
  random?: (() => number) | undefined
}

/** The options with their defaults filled in. */
export type Settings<Value> = {
  readonly [Name in keyof CacheOptions<Value>]-?: Name extends 'farTier'
    ? CacheStore | undefined
    : NonNullable<CacheOptions<Value>[Name]>
}

/** The settings without those that depend on the type of the values. */
export type EntrySettings = Omit<Settings<unknown>, 'codec'>

/** Checks the options and fills in the defaults. @throws TypeError for an unknown or invalid option */
export function settingsOf<Value>(options: CacheOptions<Value>): Settings<Value> {
  validate(options, CHECKS)
  const settings: Record<string, unknown> = { ...DEFAULTS }
  for (const name in options) settings[name] = options[name as keyof CacheOptions<Value>] ?? settings[name]
  return { ...(settings as Settings<Value>), onError: guarded(options.onError) }
}

/** The default of `serveStaleIf`: true for an outage, false if the request is invalid, or no longer allowed. */
function serveStaleByDefault(error: unknown): boolean {
  const { status } = Object(error) as { status?: unknown }
  return typeof status !== 'number' || status < 400 || status > 499 || TEMPORARY.includes(status)
}

/** Client errors that may not occur again at the next attempt: the origin was busy, or the request was too slow. */
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

/** Wraps a hook so that an error thrown by it is reported as a process warning, and affects no call. */
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
