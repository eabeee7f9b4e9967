import type { CacheParts } from '../cache-parts.ts'
import type { Kept } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'
import type { Work } from '../flight/load-request.ts'

/** Keeps what a load has brought. What was loaded ahead is useful once somebody asks for it, or has come for it meanwhile. */
export function keepBrought<Fresh>(
  { tiers, counters }: CacheParts,
  { purpose, flight, watch }: Work<Fresh>,
  entry: Entry,
): Kept {
  const ahead = purpose === 'ahead'
  const awaited = ahead && flight.waiting < 2
  const { kept } = tiers.keep(watch.name, entry, watch, awaited)
  if (ahead && kept === true) {
    counters.prefetch.loaded++
    if (!awaited) counters.prefetch.useful++
  }
  return kept
}
