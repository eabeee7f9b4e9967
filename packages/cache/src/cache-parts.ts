import { newCounters, type Counters } from './cache-stats.ts'
import { ActiveLoads } from './flight/active-loads.ts'
import { Failures } from './flight/failures.ts'
import type { EntrySettings } from './options.ts'
import { Invalidations } from './tiers/invalidations.ts'
import { Tiers } from './tiers/tiers.ts'

/** The state that all parts of one cache share. */
export interface CacheParts {
  readonly settings: EntrySettings
  readonly counters: Counters
  readonly tiers: Tiers
  readonly invalidations: Invalidations
  readonly failures: Failures
  readonly activeLoads: ActiveLoads
  closed: boolean
}

export function newParts(settings: EntrySettings): CacheParts {
  const counters = newCounters()
  const invalidations = new Invalidations()
  const tiers = new Tiers(settings, counters, invalidations)
  const failures = new Failures(settings)
  return { settings, counters, tiers, invalidations, failures, activeLoads: new ActiveLoads(), closed: false }
}
