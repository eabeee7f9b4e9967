import { warn } from './warn.ts'

/**
 * When a closed circuit opens. A rule keeps no counts itself, so that one rule may serve any number of breakers: each closed
 * spell of a breaker starts a tally of its own. Write your own by implementing these two interfaces.
 */
export interface TripRule {
  /** @param saved what `save()` of an earlier tally returned; whatever does not fit the rule is to be ignored */
  start(saved?: unknown): Tally
  /**
   * What its tallies look at, so that calls need not look at the clock for nothing: neither time nor duration, the time, or
   * both. @default 'duration', which is both
   */
  readonly timing?: 'none' | 'time' | 'duration' | undefined
}

/** What a rule has counted since the circuit closed. */
export interface Tally {
  /**
   * Takes one finished call in, and answers whether the circuit is to open now.
   *
   * @param failed what the call was judged to be
   * @param durationMs how long it took
   * @param nowMs the time, which never runs backwards
   */
  record(failed: boolean, durationMs: number, nowMs: number): boolean
  counts(nowMs: number): Counts
  /** Something that survives JSON, from which `start` can go on. */
  save(): unknown
}

/** Finished calls. Calls in flight, and those judged `ignore`, are in none of these. */
export interface Counts {
  calls: number
  successes: number
  failures: number
  /** Successes and failures that took long; 0 unless the rule has a `slowCallMs`. */
  slow: number
}

/** Tells every rule, also after one has said that the circuit is to open. One that throws says nothing. */
export function recordAll(
  tallies: readonly Tally[],
  failed: boolean,
  durationMs: number,
  now: number,
): boolean {
  let trips = false
  for (const tally of tallies) {
    try {
      if (tally.record(failed, durationMs, now)) trips = true
    } catch (error) {
      warn(error)
    }
  }
  return trips
}
