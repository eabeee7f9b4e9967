import type { Tally, TripRule } from './trip-rules/trip-rule.ts'

export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated'

/**
 * The state of a breaker. Each state owns its data, and entering a state creates a new object. A call remembers the object in
 * which it was let through, and its result counts only while that same object is the state.
 */
export type State = Closed | Open | HalfOpen | Isolated

export interface Closed {
  readonly state: 'closed'
  readonly tallies: readonly Tally[]
  /** The consecutive opens so far. The next open continues the streak until `streakEndsAt`; after that it is the first again. */
  readonly consecutiveOpens: number
  /** When the circuit will have been closed for as long as it was last open. */
  readonly streakEndsAt: number
  /** The latest time until which `judge` requested the circuit to stay open. */
  openAtLeastUntil: number
}

export interface Open {
  readonly state: 'open'
  readonly consecutiveOpens: number
  /** How long it stays open, in milliseconds. */
  readonly forMs: number
  readonly until: number
}

export interface HalfOpen {
  readonly state: 'half-open'
  /** The state before: a probe that fails opens the circuit for longer than that. */
  readonly previousOpen: Open
  /** The probes in flight. */
  readonly probes: Set<Probe>
  succeeded: number
}

export interface Isolated {
  readonly state: 'isolated'
  /** How many handles are not disposed yet. */
  handles: number
}

export interface Probe {
  /** When it counts as failed unless it has ended; `Infinity` once it was answered. */
  expiresAt: number
  /** Of an answered probe: the object that will report its end. If it is collected, no report will come. */
  owner?: WeakRef<object>
}

/** A closed state with new counts. */
export function closed(rules: readonly TripRule[], consecutiveOpens = 0, streakEndsAt = 0): Closed {
  const tallies = rules.map((rule) => rule.start())
  return { state: 'closed', tallies, consecutiveOpens, streakEndsAt, openAtLeastUntil: 0 }
}
