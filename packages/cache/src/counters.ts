import type { Refusal } from './outcome.ts'

/** What happened so far. The parts of a cache add to it; `stats()` hands out a copy. */
export interface Counters {
  hits: number
  stale: number
  misses: number
  shared: number
  bypassed: number
  loads: number
  loadFailures: number
  refreshes: number
  kept: number
  evictions: number
  refused: Partial<Record<Refusal, number>>
  prefetch: { loaded: number; useful: number; wasted: number }
  far: FarCounters
}

export interface FarCounters {
  /** Reads that brought an entry to serve. */
  hits: number
  /** Reads that brought nothing, or nothing alive. */
  misses: number
  /** Reads that brought bytes which are broken, of another version, or not an entry at all. */
  unreadable: number
  /** Operations that failed. */
  errors: number
  /** Operations that took too long. */
  timeouts: number
  /** Operations left out because the tier rests, or because too many writes wait for it. */
  skipped: number
  writes: number
  deletes: number
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
    kept: 0,
    evictions: 0,
    refused: {},
    prefetch: { loaded: 0, useful: 0, wasted: 0 },
    far: { hits: 0, misses: 0, unreadable: 0, errors: 0, timeouts: 0, skipped: 0, writes: 0, deletes: 0 },
  }
}
