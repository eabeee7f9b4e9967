import { warn } from '../warn.ts'

/**
 * Decides when a closed circuit opens. A rule has no counts itself, so any number of breakers may share one: a breaker starts
 * a new tally each time it closes. Implement these two interfaces for a rule of your own.
 */
export interface TripRule {
  /** @param saved what `save()` of an earlier tally returned; ignore it if it does not fit the rule */
  start(saved?: unknown): Tally
  /**
   * What its tallies need, so that calls do not read the clock in vain: nothing, the time, or the time and the duration.
   * @default 'duration', which is both
   */
  readonly timing?: 'none' | 'time' | 'duration' | undefined
}

/** The counts of a rule since the circuit closed. */
export interface Tally {
  /**
   * Counts one finished call.
   *
   * @param failed whether it was judged a failure
   * @param durationMs how long it took
   * @param nowMs the time, which never runs backwards
   * @returns whether the circuit opens now
   */
  record(failed: boolean, durationMs: number, nowMs: number): boolean
  counts(nowMs: number): Counts
  /** Data for JSON, from which `start` can continue. */
  save(): unknown
}

/** Finished calls. Calls in flight, and those judged `ignore`, are not counted. */
export interface Counts {
  calls: number
  successes: number
  failures: number
  /** Successes and failures that were slow; 0 unless the rule has a `slowCallMs`. */
  slow: number
}

/** Reports a call to every tally, also after one has decided to open. The result of a tally that throws is ignored. */
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
