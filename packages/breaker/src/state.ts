import type { Tally, TripRule } from './trip-rules/trip-rule.ts'

export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated'

/**
 * The state of a breaker. Each state owns its data, and entering a state creates a new object. A call stores the object in
 * which it was let through. Its result counts only if the state of the breaker is still that same object.
 */
export type State = Closed | Open | HalfOpen | Isolated

export interface Closed {
  readonly state: 'closed'
  readonly tallies: readonly Tally[]
  /** How many times in a row the circuit has opened. If it opens before `streakEndsAt`, that adds one; later, it counts from 1 again. */
  readonly consecutiveOpens: number
  /** The time at which the circuit has been closed for as long as it was last open. */
  readonly streakEndsAt: number
  /** If the circuit opens, it stays open at least until this time, the latest that a verdict requested. */
  openAtLeastUntil: number
}

export interface Open {
  readonly state: 'open'
  readonly consecutiveOpens: number
  /** How long the circuit stays open, in milliseconds. */
  readonly forMs: number
  /** When the circuit becomes half-open. */
  readonly until: number
}

export interface HalfOpen {
  readonly state: 'half-open'
  /** The open state before this one. A probe that fails opens the circuit for longer than that state did. */
  readonly previousOpen: Open
  /** The probes in flight. */
  readonly probes: Set<Probe>
  /** The number of probes that succeeded. */
  succeeded: number
}

export interface Isolated {
  readonly state: 'isolated'
  /** The number of handles of `isolate()` that are not disposed yet. */
  handles: number
}

/** The slot of a call that was let through while the circuit was half-open. */
export interface Probe {
  /** When the probe counts as failed if it has not ended; `Infinity` once its answer has begun. */
  expiresAt: number
  /** The object that will report the end of an answered probe. Once it is garbage-collected, no report can come. */
  owner?: WeakRef<object>
}

/** Creates a closed state with new counts. */
export function closed(rules: readonly TripRule[], consecutiveOpens = 0, streakEndsAt = 0): Closed {
  const tallies = rules.map((rule) => rule.start())
  return { state: 'closed', tallies, consecutiveOpens, streakEndsAt, openAtLeastUntil: 0 }
}
