import type { Entry } from '../tiers/entry.ts'
import type { InvalidationWatch } from '../tiers/invalidations.ts'
import type { Flight } from './flight.ts'
import type { FlightResult } from './flight-result.ts'

/** Whether an entry is of the requested kind (a value or a recorded answer) and, if it comes from the far tier, readable. */
export type Acceptance = 'accepted' | 'other-kind' | 'unreadable'

/** A call in the form that SingleFlight answers. */
export interface LoadRequest<Fresh> {
  readonly name: string
  readonly control: 'default' | 'refresh' | 'only-if-cached'
  readonly tags: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number | undefined
  readonly serveStaleIf: ((error: unknown) => boolean) | undefined
  /** Whether this is a prefetch, for which no caller waits yet. */
  readonly isPrefetch: boolean
  readonly accepts: (entry: Entry) => Acceptance
  /** Loads from the origin and stores the answer. Must call `end()` of the running load when the answer is complete. */
  readonly load: (running: RunningLoad<Fresh>) => Promise<Fresh>
}

/** Why a load runs: for callers, as a prefetch, as a background refresh, or bypassing the cache. */
export type Purpose = 'call' | 'prefetch' | 'refresh' | 'bypass'

/** A load that has begun. */
export interface RunningLoad<Fresh> {
  readonly flight: Flight<FlightResult<Fresh>>
  readonly watch: InvalidationWatch
  readonly bornAt: number
  /** The stale entry that is still in the cache, if there is one. */
  readonly stale: Entry | undefined
  readonly purpose: Purpose
  /** Prevents further callers from joining. */
  detach(): void
  /** Call it when the answer is complete: closes the flight. */
  end(): void
}
