import type { BreakerStore } from '@harbor/breaker'

/** The circuits and cooldowns of all members of a fleet. */
export interface FleetCircuits {
  /** The store of the circuits of targets, for clients whose option `breaker` has none. */
  readonly store: BreakerStore
  /** The cooldowns of all members. */
  readonly cooldowns: FleetCooldowns
  /**
   * Called before each call. Returns a promise if the member does not know the latest state, because it was idle, or if a circuit has just requested the
   * right to probe. The promise must resolve soon, also
   * if the shared state cannot be reached, and must not reject.
   */
  refresh(): Promise<void> | undefined
}

/** The cooldowns of all members: refused credentials, exhausted quota groups and missing models. Must not throw. */
export interface FleetCooldowns {
  /** Whether no cooldown lasts now. */
  readonly isEmpty: boolean
  /**
   * Starts a cooldown for all members.
   * @param key what is in cooldown. It may contain a credential, so it must be hashed before it is stored
   * @param ms the duration in milliseconds
   */
  start(key: string, ms: number): void
  /** Returns how long a cooldown lasts from now, in milliseconds; 0 if there is none. */
  remainingMs(key: string): number
}
