import type { RateLimiter, RateLimits } from '@harbor/batch'
import type { CacheStore } from '@harbor/cache'
import type { FleetStats } from '../reporting/fleet-stats.ts'
import type { FleetCircuits } from './fleet-circuits.ts'
import type { FleetFlights } from './fleet-flights.ts'

/** Several processes whose clients share limits, circuits, spend limits and cached answers. `redisFleet` of `@harbor/redis` makes one. */
export interface Fleet {
  /** Called once by each client that has the fleet as an option. Must not throw if the shared state cannot be reached. */
  join(host: FleetHost): FleetMember
}

/** A client, as its fleet sees it. */
export interface FleetHost {
  /** Called when the member has lost the shared state or is refused a part of it, and when all is shared again. */
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
  /** The money of the spend limits. */
  readonly money?: FleetMoney
  /** Makes one upstream call of equal calls in several processes. */
  readonly flights?: FleetFlights
  /** The circuits and cooldowns. */
  readonly circuits?: FleetCircuits
  stats(): FleetStats
  /** Returns what this member holds to the others. Never rejects. */
  close(): Promise<void>
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
