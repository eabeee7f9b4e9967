import { newCounters, type Counters } from './counters.ts'
import { Failures } from './flight/failures.ts'
import { Invalidations } from './tiers/invalidations.ts'
import { Traffic } from './flight/active-loads.ts'
import type { EntrySettings } from './options.ts'
import { Tiers } from './tiers/tiers.ts'

/** What all parts of one cache share. */
export interface CacheParts {
  readonly settings: EntrySettings
  readonly counters: Counters
  readonly tiers: Tiers
  readonly invalidations: Invalidations
  readonly failures: Failures
  readonly traffic: Traffic
  closed: boolean
}

export function newParts(settings: EntrySettings): CacheParts {
  const counters = newCounters()
  const invalidations = new Invalidations()
  const tiers = new Tiers(settings, counters, invalidations)
  const failures = new Failures(settings)
  return { settings, counters, tiers, invalidations, failures, traffic: new Traffic(), closed: false }
}
