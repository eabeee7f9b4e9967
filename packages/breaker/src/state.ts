import type { Tally, TripRule } from './trip-rules/trip-rule.ts'

/**
 * The state of a circuit. `closed`: calls go through. `open`: calls are refused. `half-open`: a few calls go through as probes. `isolated`: calls are
 * refused until the handles of `isolate()` are disposed, or `reset()` is called.
 */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated'

/**
 * The state of a breaker, with the data of that state. Each change of state creates a new object. A call holds the object that
 * was current when the call began. The result of the call counts only if that object is still current.
 */
export type State = Closed | Open | HalfOpen | Isolated

/** The data of a closed circuit, as a snapshot contains it. */
export interface Closed {
  /** Always `closed`: calls go through, and are counted. */
  readonly state: 'closed'
  /** The counts so far, one tally for each trip rule, in the order of the option `trip`. */
  readonly tallies: readonly Tally[]
  /**
   * How many times in a row the circuit had opened before it closed. If the circuit opens before `streakEndsAt`, this number
   * grows by 1. If it opens later, the number starts again at 1.
   */
  readonly consecutiveOpens: number
  /**
   * When the circuit has been closed for as long as it was last open, in milliseconds since 1970. After this time, the number of openings
   * in a row starts again at 1.
   */
  readonly streakEndsAt: number
  /**
   * If the circuit opens, it stays open at least until this time, in milliseconds since 1970. Set by verdicts with `openForMs`; the latest
   * time counts.
   */
  openAtLeastUntil: number
}

/** The data of an open circuit, as a snapshot contains it. */
export interface Open {
  /** Always `open`: calls are refused. */
  readonly state: 'open'
  /**
   * The number of this opening in a row, from 1. It determines how long the circuit stays open. The row ends when the circuit has been closed for as
   * long as it was last open.
   */
  readonly consecutiveOpens: number
  /** How long the circuit stays open in total, in milliseconds. */
  readonly forMs: number
  /** When the circuit becomes half-open, in milliseconds since 1970. It stays open for longer if the option `store` does not let it probe yet. */
  until: number
}

/** The data of a half-open circuit, as a snapshot contains it. */
export interface HalfOpen {
  /** Always `half-open`: calls go through as probes, up to the option `probes`; others are refused. */
  readonly state: 'half-open'
  /** The open state before this one. If a probe fails, the next open time is calculated from it. */
  readonly previousOpen: Open
  /** The probes in flight: calls that were let through and have not ended, timed out or been garbage-collected. */
  readonly probes: Set<Probe>
  /** The number of probes that succeeded since the circuit became half-open. When it reaches the option `probes`, the circuit closes. */
  succeeded: number
}

/** The data of an isolated circuit. */
export interface Isolated {
  /** Always `isolated`: calls are refused until the last handle is disposed, or `reset()` is called. */
  readonly state: 'isolated'
  /** The number of handles of `isolate()` that have not been disposed. */
  handles: number
}

/** A call that was let through while the circuit was half-open. */
export interface Probe {
  /**
   * The time at which the probe counts as failed if it has not ended by then, in milliseconds since 1970; `Infinity` once its answer has
   * begun.
   */
  expiresAt: number
  /**
   * The object that will report the end of the probe, once its answer has begun. If this object is garbage-collected, the probe no longer
   * counts as in flight.
   */
  owner?: WeakRef<object>
}

/** Creates a closed state, in which no call is counted yet. */
export function closed(rules: readonly TripRule[], consecutiveOpens = 0, streakEndsAt = 0): Closed {
  const tallies = rules.map((rule) => rule.start())
  return { state: 'closed', tallies, consecutiveOpens, streakEndsAt, openAtLeastUntil: 0 }
}
