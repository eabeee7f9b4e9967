import type { Entry } from '../tiers/entry.ts'
import type { InvalidationWatch } from '../tiers/invalidations.ts'
import type { Flight } from './flight.ts'
import type { FlightResult } from './flight-result.ts'

/**
 * Whether an entry can be used: it must be of the requested kind (a value or a recorded answer) and, if it comes from the far tier,
 * readable.
 */
export type Acceptance = 'accepted' | 'other-kind' | 'unreadable'

/** A call on the cache, prepared for `SingleFlight`, which answers it. */
export interface LoadRequest<Fresh> {
  readonly name: string
  readonly control: 'default' | 'refresh' | 'only-if-cached'
  readonly tags: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number | undefined
  readonly serveStaleIf: ((error: unknown) => boolean) | undefined
  readonly rememberFailureIf: ((error: unknown) => boolean) | undefined
  /** Whether this is a prefetch, for whose answer no caller waits yet. */
  readonly isPrefetch: boolean
  readonly accepts: (entry: Entry) => Acceptance
  /** Loads the answer from its source, and stores it. Must call `end()` of the running load when the answer is complete. */
  readonly load: (running: RunningLoad<Fresh>) => Promise<Fresh>
}

/** Why a load runs: because a caller waits, as a prefetch, as a background refresh, or because a call bypasses the cache. */
export type Purpose = 'call' | 'prefetch' | 'refresh' | 'bypass'

/** A load that has begun. */
export interface RunningLoad<Fresh> {
  readonly flight: Flight<FlightResult<Fresh>>
  readonly watch: InvalidationWatch
  readonly bornAt: number
  /** The stale entry that is still in the cache, if there is one. */
  readonly stale: Entry | undefined
  readonly purpose: Purpose
  /** Prevents further callers from joining the load. */
  detach(): void
  /** Marks the load as ended. Call this when the answer is complete. */
  end(): void
}
