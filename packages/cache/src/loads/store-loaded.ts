import type { CacheParts } from '../cache-parts.ts'
import type { RunningLoad } from '../flight/load-request.ts'
import type { Stored } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'

/**
 * Stores a loaded answer. A prefetched answer counts as useful at once if a caller has joined its load; otherwise, it counts as useful when
 * a caller first uses it.
 */
export function storeLoaded<Fresh>(
  { tiers, counters }: CacheParts,
  { purpose, flight, watch }: RunningLoad<Fresh>,
  entry: Entry,
): Stored {
  const isPrefetch = purpose === 'prefetch'
  const unused = isPrefetch && flight.waiting < 2
  const { stored } = tiers.keep(watch.name, entry, watch, unused, flight.origin !== 'elsewhere')
  if (isPrefetch && stored === true) {
    counters.prefetch.loaded++
    if (!unused) counters.prefetch.useful++
  }
  return stored
}
