import type { RateLimiter, RateLimits } from '@harbor/batch'

// What `@harbor/core` expects of a fleet, declared here so that this package does not need it. A test compares the two.

/** A client of `@harbor/core` that joins a fleet. */
export interface FleetHost {
  /** Called when the member has lost the connection to Redis (`degraded: true`), and when Redis answers again. */
  onChange(state: { readonly degraded: boolean }): void
}

/** The state of a client's connection to the fleet. */
export interface FleetStats {
  /**
   * The number of clients that have used the shared limits in the last seconds, as far as this client knows. It counts itself, so it is at least 1.
   */
  readonly members: number
  /** Whether Redis cannot be reached now. The client then uses its part of the shared limits. */
  readonly degraded: boolean
  /** The number of commands that this client has sent to Redis. */
  readonly roundTrips: number
  /** The message of the latest error of Redis; undefined if there was none. */
  readonly lastError: string | undefined
}

/** A store of cached answers: the `CacheStore` of `@harbor/cache`. */
export interface FleetCacheStore {
  /** Returns the bytes of a key; undefined if there are none. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Stores bytes for `ttlMs` milliseconds. */
  set(key: string, value: Uint8Array, options: { readonly ttlMs: number }): Promise<void>
  /** Deletes a key. */
  delete(key: string): Promise<void>
  /** Deletes all keys that begin with a prefix. */
  clear(prefix: string): Promise<void>
}

/** One client in the fleet. If the field for a part is missing, that part is not shared. */
export interface FleetMember {
  /** The names of the shared parts. */
  readonly share: readonly SharedPart[]
  /** Makes the rate limiter of a quota group; undefined if limits are not shared. */
  readonly limiterFor?: (group: string, limits: RateLimits) => RateLimiter
  /** The far tier of the cache; undefined if cached answers are not shared. */
  readonly cacheStore?: FleetCacheStore
  /** Returns the state of the connection to the fleet. */
  stats(): FleetStats
  /** Leaves the fleet. What the client has reserved of the limits returns to the other clients. */
  close(): Promise<void>
}

/** What the members of a fleet can share. */
export type SharedPart = 'limits' | 'cache'

/** Several processes whose clients share state through one Redis server. It is the value of the option `fleet` of `@harbor/core`. */
export interface RedisFleet {
  /** Called by each client that is created with the fleet. */
  join(host: FleetHost): FleetMember
}
