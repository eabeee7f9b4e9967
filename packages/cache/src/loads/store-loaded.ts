import type { CacheParts } from '../cache-parts.ts'
import type { RunningLoad } from '../flight/load-request.ts'
import type { Kept } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'

/** Stores a loaded answer. A prefetched one counts as useful when a caller joined its load; else when it is first used. */
export function storeLoaded<Fresh>(
  { tiers, counters }: CacheParts,
  { purpose, flight, watch }: RunningLoad<Fresh>,
  entry: Entry,
): Kept {
  const isPrefetch = purpose === 'prefetch'
  const unused = isPrefetch && flight.waiting < 2
  const { kept } = tiers.keep(watch.name, entry, watch, unused)
  if (isPrefetch && kept === true) {
    counters.prefetch.loaded++
    if (!unused) counters.prefetch.useful++
  }
  return kept
}
