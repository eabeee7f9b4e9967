import type { BreakerStore } from '@harbor/breaker'

// What `@harbor/core` expects of shared circuits, as in `contracts.ts`.

/** The circuits and cooldowns of all clients of a fleet. */
export interface FleetCircuits {
  /** The store of the circuits. */
  readonly store: BreakerStore
  /** The cooldowns of all clients. */
  readonly cooldowns: FleetCooldowns
  /**
   * Called before each call. Returns a promise if the member does not know the latest state, because it was idle, or if a circuit has just requested the
   * right to probe. It resolves when the
   * state is known, or when the time for a command is over. Never rejects.
   */
  refresh(): Promise<void> | undefined
}

/** The cooldowns of all clients: refused credentials, exhausted quota groups and missing models. */
export interface FleetCooldowns {
  /** Whether no cooldown lasts now. */
  readonly isEmpty: boolean
  /** Starts a cooldown of `ms` milliseconds for all clients. The key may contain a credential; only its hash is stored. */
  start(key: string, ms: number): void
  /** Returns how long a cooldown lasts from now, in milliseconds; 0 if there is none. */
  remainingMs(key: string): number
}
