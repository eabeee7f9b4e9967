import type { Tally, TripRule } from './trip-rule.ts'

export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated'

/**
 * What a breaker knows. Each state owns its data, and each time one is entered it is an object of its own: a call remembers
 * the one in which it was let through, and its result counts only while that very object is the state.
 */
export type State = Closed | Open | HalfOpen | Isolated

export interface Closed {
  readonly state: 'closed'
  readonly tallies: readonly Tally[]
  /** The openings in a row so far. The next one continues them, unless `calmAt` has passed: then it is the first again. */
  readonly openings: number
  /** When it will have been closed for as long as it was last open. */
  readonly calmAt: number
  /** The latest moment until which `judge` wished an opening to last. */
  openAtLeastUntil: number
}

export interface Open {
  readonly state: 'open'
  readonly openings: number
  /** How long it is to last, in milliseconds. */
  readonly forMs: number
  readonly until: number
}

export interface HalfOpen {
  readonly state: 'half-open'
  /** What it was before: a probe that fails opens it for longer. */
  readonly opening: Open
  /** The probes that are out. */
  readonly probes: Set<Probe>
  succeeded: number
}

export interface Isolated {
  readonly state: 'isolated'
  /** How many handles are not disposed of. */
  handles: number
}

export interface Probe {
  /** When it counts as failed if nothing was heard of it; `Infinity` once it was answered. */
  expiresAt: number
  /** Of an answered probe: who will give the verdict. If it is gone, none will come. */
  owner?: WeakRef<object>
}

/** Nothing counted yet. */
export function closed(rules: readonly TripRule[], openings = 0, calmAt = 0): Closed {
  const tallies = rules.map((rule) => rule.start())
  return { state: 'closed', tallies, openings, calmAt, openAtLeastUntil: 0 }
}
