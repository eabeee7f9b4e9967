import type { CacheParts } from './cache-parts.ts'
import type { FarCounters } from './counters.ts'

/** What a cache has done since it was made, and what it holds. */
export interface CacheStats {
  /** Calls answered with a fresh entry. */
  hits: number
  /** Calls answered with a stale one. */
  stale: number
  /** Calls that had to load. */
  misses: number
  /** Calls answered by the load of another. */
  shared: number
  /** Calls that had nothing to do with the cache. */
  bypassed: number
  /** The part of all calls but bypassed ones that cost no load: (hits + stale + shared) / (those + misses). 0 before the first. */
  ratio: number
  /** How often the origin was asked, for whatever reason. */
  loads: number
  loadFailures: number
  /** Loads in the background, since something stale was served. */
  refreshes: number
  /** Answers that were kept. */
  kept: number
  /** Answers that were not, by reason. */
  refused: Record<string, number>
  /** Entries that had to make room. */
  evictions: number
  /** Entries in memory. */
  entries: number
  /** Bytes they count against `maxBytes`. */
  bytes: number
  /** Different loads under way. */
  inFlight: number
  /** What was loaded ahead: how much of it was asked for later, and how much left the memory without. */
  prefetch: { loaded: number; useful: number; wasted: number }
  /** The far tier. */
  far: FarCounters & { resting: boolean }
}

export function statsOf({ counters, tiers }: CacheParts, inFlight: number): CacheStats {
  const { hits, stale, misses, shared } = counters
  const free = hits + stale + shared
  const { size: entries, bytes } = tiers.near
  return {
    ...counters,
    ratio: free === 0 ? 0 : free / (free + misses),
    refused: { ...(counters.refused as Record<string, number>) },
    entries,
    bytes,
    inFlight,
    prefetch: { ...counters.prefetch },
    far: { ...counters.far, resting: tiers.far?.resting ?? false },
  }
}
