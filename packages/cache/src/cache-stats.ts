import type { Refusal } from './outcome.ts'

/** The statistics of a cache: counts since it was created, and its current state. */
export interface CacheStats {
  /** Calls answered with a fresh entry, from memory or the far tier. */
  hits: number
  /** Calls answered with a stale entry, from memory or the far tier. */
  stale: number
  /**
   * Calls that neither an entry nor the load of another call could answer, so that they loaded. Also counts calls without a load: `get` and
   * `only-if-cached` calls that found no entry, and calls that failed because of `negativeTtlMs`. Bypassed calls do not count.
   */
  misses: number
  /** Calls that joined the load of another call, in this process or in another one. */
  shared: number
  /** Calls that bypassed the cache: by `control`, because their key function threw, or after `close()`. */
  bypassed: number
  /**
   * The fraction of calls that were answered without a load of their own: (hits + stale + shared) / (hits + stale + shared + misses).
   * Bypassed calls are left out. 0 before the first such answer.
   */
  ratio: number
  /**
   * Loads that have begun since the cache was created, for any reason: misses, bypassed calls, refreshes, prefetches, and loads of other processes
   * that this one has joined.
   */
  loads: number
  /** Loads that failed, background refreshes included. */
  loadFailures: number
  /** Background refreshes that have begun, each because a stale entry was served. */
  refreshes: number
  /** Answers that were cached in memory: loaded ones, and those of `set`. */
  stored: number
  /** The number of answers that were not cached, by reason: a `Refusal`, such as `too-large` or the text passed to `refuse()`. */
  refused: Record<string, number>
  /** Entries evicted from memory to make room. Deleted and expired ones do not count. */
  evictions: number
  /** Entries in memory now. Expired ones count until they are accessed or evicted. */
  entries: number
  /** The size of the entries in memory now, in bytes, as counted against `maxBytes`. */
  bytes: number
  /** Lookups and loads in flight now that further calls can join. One that several calls share counts once. */
  inFlight: number
  /** The numbers of prefetched answers since the cache was created. */
  prefetch: {
    /** Prefetched answers that were loaded and cached. */
    loaded: number
    /** Prefetched entries that a caller then used; each counts once. */
    useful: number
    /** Prefetched entries that were removed from memory before a caller used them. */
    wasted: number
  }
  /** The counters of the far tier, the second, slower cache; all 0 without one. */
  far: FarCounters & {
    /** Whether the far tier is not in use now, because operations timed out or failed: see `farCooldownMs`. */
    inCooldown: boolean
  }
}

/** The numbers of operations on the far tier since the cache was created. */
export interface FarCounters {
  /** Reads that found an entry that could be served. */
  hits: number
  /** Reads that found no entry, or an expired or invalidated one. */
  misses: number
  /** Reads that returned bytes that are corrupt, are not an entry, or have the format of another version of Harbor. */
  unreadable: number
  /** Operations that the store rejected, or that threw. */
  errors: number
  /** Operations that took longer than `farReadTimeoutMs` or `farWriteTimeoutMs`. */
  timeouts: number
  /** Operations that were skipped, because the far tier is in cooldown or too many writes are waiting for it. */
  skipped: number
  /** Entries that were written to the store. */
  writes: number
  /** Deletions that the store has carried out. */
  deletes: number
}

/** The counters from which the statistics are made. All parts of a cache increment them. */
export interface Counters extends Omit<CacheStats, keyof Gauges | 'ratio' | 'refused' | 'far'> {
  refused: Partial<Record<Refusal, number>>
  far: FarCounters
}

export function newCounters(): Counters {
  return {
    hits: 0,
    stale: 0,
    misses: 0,
    shared: 0,
    bypassed: 0,
    loads: 0,
    loadFailures: 0,
    refreshes: 0,
    stored: 0,
    evictions: 0,
    refused: {},
    prefetch: { loaded: 0, useful: 0, wasted: 0 },
    far: { hits: 0, misses: 0, unreadable: 0, errors: 0, timeouts: 0, skipped: 0, writes: 0, deletes: 0 },
  }
}

type Gauges = Pick<CacheStats, 'entries' | 'bytes' | 'inFlight'>

/** Returns a copy of the counters, with the current state of the cache. */
export function statsOf(counters: Counters, gauges: Gauges, inCooldown: boolean): CacheStats {
  const { hits, stale, misses, shared } = counters
  const free = hits + stale + shared
  return {
    ...counters,
    ...gauges,
    ratio: free === 0 ? 0 : free / (free + misses),
    refused: { ...(counters.refused as Record<string, number>) },
    prefetch: { ...counters.prefetch },
    far: { ...counters.far, inCooldown },
  }
}

/** Returns the statistics of a cache that has not been used yet. */
export function noCacheStats(): CacheStats {
  return statsOf(newCounters(), { entries: 0, bytes: 0, inFlight: 0 }, false)
}
