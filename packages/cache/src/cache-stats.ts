import type { Refusal } from './outcome.ts'

/** The statistics of a cache: counts since it was created, and its current state. */
export interface CacheStats {
  /** Calls answered with a fresh entry. */
  hits: number
  /** Calls answered with a stale entry. */
  stale: number
  /** Calls that had to load, and lookups that found no entry. */
  misses: number
  /** Calls that joined the load of another call. */
  shared: number
  /** Calls that bypassed the cache. */
  bypassed: number
  /**
   * The fraction of calls that cost no load, bypassed calls excluded: (hits + stale + shared) / (hits + stale + shared + misses). 0 before
   * the first call.
   */
  ratio: number
  /** Loads begun, for any reason. */
  loads: number
  loadFailures: number
  /** Background refreshes, begun because a stale entry was served. */
  refreshes: number
  /** Answers that were cached. */
  stored: number
  /** Answers that were not cached, by reason. */
  refused: Record<string, number>
  /** Entries evicted to make room. */
  evictions: number
  /** Entries in memory. */
  entries: number
  /** The size of the entries in memory, in bytes, as counted against `maxBytes`. */
  bytes: number
  /** Loads in flight. A load that several calls share counts once. */
  inFlight: number
  /**
   * Prefetched answers: how many were loaded and cached, how many of these a caller used, and how many were removed from memory
   * before any caller used them.
   */
  prefetch: { loaded: number; useful: number; wasted: number }
  /** The counters of the far tier. `inCooldown` is true while the far tier is in cooldown. */
  far: FarCounters & { inCooldown: boolean }
}

export interface FarCounters {
  /** Reads that found an entry to serve. */
  hits: number
  /** Reads that found no entry, or an expired or invalidated one. */
  misses: number
  /** Reads that returned corrupt bytes, bytes that are not an entry, or an entry that another version of Harbor wrote in another format. */
  unreadable: number
  /** Operations that failed. */
  errors: number
  /** Operations that took too long. */
  timeouts: number
  /** Operations skipped because the tier is in cooldown, or because too many writes are waiting for it. */
  skipped: number
  writes: number
  deletes: number
}

/** The counters behind the statistics. All parts of a cache increment them. */
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

/** Copies the counters, and adds the current state of the cache. */
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
