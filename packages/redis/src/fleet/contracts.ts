import type { RateLimiter, RateLimits } from '@harbor/batch'
import type { FleetCircuits } from './circuit-contracts.ts'
import type { FleetFlights } from './flight-contracts.ts'

// What `@harbor/core` expects of a fleet, declared here so that this package does not need it. A test compares the two.

/** A client of `@harbor/core` that joins a fleet. */
export interface FleetHost {
  /** Called when the member has lost Redis, or Redis refuses its commands (`degraded: true`), and when all is shared again. */
  onChange(state: { readonly degraded: boolean }): void
}

/** The state of a client's connection to the fleet. */
export interface FleetStats {
  /**
   * The number of clients that have used the fleet in the last seconds, as far as this client knows. It counts itself, so it is at least 1.
   */
  readonly members: number
  /**
   * Whether Redis cannot be reached now, or has refused a command in the last two minutes that its user may not run. The client then uses its part of
   * the shared limits.
   */
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

/** The money of one spend limit, of all calls or of one value of a label. Pots of the same kind and value are one in all processes. */
export interface FleetPot {
  /** Identifies the period and the label. Limits of the same kind count the same money, whatever their amounts. */
  readonly kind: string
  /** The value of the label; '' without it. It may be a credential, so it must be hashed before it is stored. */
  readonly value: string
  /** The period after which the count starts again, by the clock of the fleet. */
  readonly per: 'hour' | 'day' | 'total'
  /** The limit of this client, in US dollars. */
  readonly usd: number
  /** Whether there is a pot for each value of a label, so that the number of pots has to be bounded. */
  readonly isByLabel: boolean
}

/** What is known of a pot: the latest answer of the fleet, and what this client has spent and reserved since. All in US dollars. */
export interface FleetPotState {
  readonly usedUsd: number
  readonly reservedUsd: number
  readonly leftUsd: number
  /** When the period ends, in milliseconds since the epoch; Infinity without periods. */
  readonly untilMs: number
}

/** A reservation of shared money, or its refusal. */
export type FleetOutcome = FleetReservation | FleetRefusal

export interface FleetReservation {
  /** Ends the reservation, which has not ended before. `spentUsd` counts as spent: at least 0, and finite. */
  settle(spentUsd: number): void
}

/** Nothing is reserved, in no pot. */
export interface FleetRefusal {
  /** The place of the pot that has too little, in the list that was passed. If there are several, the one that has money again last. */
  readonly place: number
  readonly leftUsd: number
  /** As in `FleetPotState`. */
  readonly untilMs: number
  /** Whether the pot cannot be counted, because too many others are. */
  readonly isFull: boolean
}

/** The money of the spend limits of all processes. No call fails or hangs because the shared state cannot be reached. */
export interface FleetMoney {
  /**
   * Reserves an amount in all pots, or in none. It is done at once if this process holds enough.
   * @param usd the amount in US dollars
   * @returns what was decided, or what is being decided: `outcome` never rejects, and `cancel` gives up
   */
  reserve(
    usd: number,
    pots: readonly FleetPot[],
  ): FleetOutcome | { readonly outcome: Promise<FleetOutcome>; cancel(): void }
  state(pot: FleetPot): FleetPotState
  /** Returns the values of a label for which something is spent or reserved in the current period, as far as this process knows. */
  values(kind: string): Iterable<string>
}

/** One client in the fleet. If the field for a part is missing, that part is not shared. */
export interface FleetMember {
  /** The names of the shared parts. */
  readonly share: readonly SharedPart[]
  /** Makes the rate limiter of a quota group; undefined if limits are not shared. */
  readonly limiterFor?: (group: string, limits: RateLimits) => RateLimiter
  /** The far tier of the cache; undefined if cached answers are not shared. */
  readonly cacheStore?: FleetCacheStore
  /** The money of the spend limits; undefined if it is not shared. */
  readonly money?: FleetMoney
  /** The calls that one member sends for all; undefined if each sends its own. */
  readonly flights?: FleetFlights
  /** The circuits and cooldowns; undefined if they are not shared. */
  readonly circuits?: FleetCircuits
  /** Returns the state of the connection to the fleet. */
  stats(): FleetStats
  /** Leaves the fleet. What the client has reserved of the limits returns to the other clients. */
  close(): Promise<void>
}

/** What the members of a fleet can share. */
export type SharedPart = 'limits' | 'breakers' | 'spend' | 'cache' | 'flights'

/** Several processes whose clients share state through one Redis server. It is the value of the option `fleet` of `@harbor/core`. */
export interface RedisFleet {
  /** Called by each client that is created with the fleet. */
  join(host: FleetHost): FleetMember
}
