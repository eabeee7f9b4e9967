import type { RateLimiter, RateLimits } from '@harbor/batch'
import type { CacheStore } from '@harbor/cache'
import type { FleetStats } from '../reporting/fleet-stats.ts'

/** Several processes whose clients share limits, circuits, spend limits and cached answers. `redisFleet` of `@harbor/redis` makes one. */
export interface Fleet {
  /** Called once by each client that has the fleet as an option. Must not throw if the shared state cannot be reached. */
  join(host: FleetHost): FleetMember
}

/** A client, as its fleet sees it. */
export interface FleetHost {
  /** Called when the member has lost the shared state, and when it has reached it again. */
  onChange(state: { readonly degraded: boolean }): void
}

/** One client in a fleet. A part that is missing is not shared: the client then has its own. */
export interface FleetMember {
  /** The names of the shared parts, such as `limits`, for `explain()`. */
  readonly share: readonly string[]
  /**
   * Makes the rate limiter of a quota group.
   * @param group identifies the group in all processes. It may contain a credential, so it must be hashed before it is stored
   */
  readonly limiterFor?: (group: string, limits: RateLimits) => RateLimiter
  /** The far tier of the cache, for clients whose cache has none. */
  readonly cacheStore?: CacheStore
  stats(): FleetStats
  /** Returns what this member holds to the others. Never rejects. */
  close(): Promise<void>
}
