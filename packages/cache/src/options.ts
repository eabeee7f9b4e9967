import { systemClock, type Clock } from './base/clock.ts'
import { jsonCodec, type Codec } from './tiers/codec.ts'
import { serveStaleByDefault } from './serve-stale-if.ts'
import type { CacheStore } from './stores/store.ts'
import { aClock, aFunction, aPart, count, having, life, timer, validate, type Check } from './base/validate.ts'
import { warn } from './base/warn.ts'

export interface CacheOptions<Value> {
  /** So many entries are kept in memory at most; the least recently used leave first. @default 1_000 */
  maxEntries?: number | undefined
  /** So many bytes at most: content, keys, tags and 256 for each entry. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined
  /** How long an entry is fresh, in milliseconds; a year at most. @default 3_600_000 */
  ttlMs?: number | undefined
  /** Up to this part of the time to live is taken away by chance, so that not all expires at once. @default 0.1 */
  ttlJitter?: number | undefined
  /** For so long after that an entry is served stale at once, and loaded anew in the background. @default 0 */
  staleWhileRevalidateMs?: number | undefined
  /** For so long after its time to live an entry is served stale if loading fails. @default 0 */
  staleIfErrorMs?: number | undefined
  /**
   * Whether this error may be hidden behind a stale entry. @default all but those with a `status` from 400 to 499 other than
   * 408, 409, 425 and 429: a request that is wrong in itself must not look well
   */
  serveStaleIf?: ((error: unknown) => boolean) | undefined
  /** For so long a failed load is not tried again: its error is the answer, if nothing stale is. @default 0 */
  negativeTtlMs?: number | undefined
  /** For so long a failed load is not tried again while something stale can be served. @default 10_000 */
  refreshBackoffMs?: number | undefined
  /** How long a load in the background may take, since nobody waits who could leave. @default 300_000 */
  refreshTimeoutMs?: number | undefined
  /** What the keys in the far tier begin with. Two caches that share a store share their entries if they share it. @default 'harbor' */
  namespace?: string | undefined
  /** A second, slower place, which outlives the process or is shared. @default none */
  farTier?: CacheStore | undefined
  /** How long to wait for the far tier before loading. @default 50 */
  farReadTimeoutMs?: number | undefined
  /** How long `set`, `delete`, `invalidateTag` and `close` wait for it. @default 500 */
  farWriteTimeoutMs?: number | undefined
  /** How long it is left alone after a timeout or three errors in a row; twice as long each time, up to a minute. @default 5_000 */
  farRestMs?: number | undefined
  /** How values other than strings and bytes are kept. @default JSON */
  codec?: Codec<Value> | undefined
  /** Told of errors that no call is told of: of the far tier, of refreshes in the background, of hooks. */
  onError?: ((error: unknown) => void) | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
  /** Where jitter comes from: numbers from 0 to 1. @default Math.random */
  random?: (() => number) | undefined
}

/** The options with their defaults. */
export type Settings<Value> = {
  readonly [Name in keyof CacheOptions<Value>]-?: Name extends 'farTier'
    ? CacheStore | undefined
    : NonNullable<CacheOptions<Value>[Name]>
}

/** What concerns entries, whatever they are of. */
export type EntrySettings = Omit<Settings<unknown>, 'codec'>

/** @throws TypeError for an option that does not exist or makes no sense */
export function settingsOf<Value>(options: CacheOptions<Value>): Settings<Value> {
  validate(options, CHECKS)
  const settings: Record<string, unknown> = { ...DEFAULTS }
  for (const name in options) settings[name] = options[name as keyof CacheOptions<Value>] ?? settings[name]
  return { ...(settings as Settings<Value>), onError: harmless(options.onError) }
}

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
  farRestMs: 5_000,
  codec: jsonCodec,
  onError: () => undefined,
  clock: systemClock,
  random: () => Math.random(),
}

/** A hook that throws changes nothing. */
function harmless(hook: ((error: unknown) => void) | undefined): (error: unknown) => void {
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
    // lru-cache makes its arrays in advance, for all of them.
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 16_777_216,
    'a whole number from 1 to 16777216',
  ],
  maxBytes: count,
  ttlMs: life,
  ttlJitter: aPart,
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  serveStaleIf: aFunction,
  negativeTtlMs: life,
  refreshBackoffMs: life,
  refreshTimeoutMs: timer,
  namespace: [
    (value) => typeof value === 'string' && /^[^:#]*$/.test(value),
    'a string without a colon and a number sign',
  ],
  farTier: /* @__PURE__ */ having('a store with get, set and delete', 'get', 'set', 'delete'),
  farReadTimeoutMs: timer,
  farWriteTimeoutMs: timer,
  farRestMs: timer,
  codec: /* @__PURE__ */ having('a codec with encode and decode', 'encode', 'decode'),
  onError: aFunction,
  clock: aClock,
  random: aFunction,
}
