import { warn } from '../warn.ts'

/**
 * Decides when a closed circuit opens. A rule holds no counts, so any number of breakers may share it: each time the circuit of a breaker closes, the
 * breaker calls `start` to get a new tally. For a rule of your own, implement `TripRule` and `Tally`.
 */
export interface TripRule {
  /**
   * Begins counting for one breaker: returns a tally without counts, or one that continues from `saved`.
   *
   * @param saved the result of `save()` of an earlier tally, to continue from. Ignore it if it does not fit the rule
   */
  start(saved?: unknown): Tally
  /**
   * Which arguments `record` needs: `time` means `nowMs`, `duration` means `nowMs` and `durationMs`, `none` means neither. The breaker does
   * not read the clock for an argument that no rule needs. @default 'duration'
   */
  readonly timing?: 'none' | 'time' | 'duration' | undefined
}

/**
 * Counts the calls of one breaker for one rule, from the time at which the circuit closed. If a method throws, a warning is emitted, and the rule
 * does not open the circuit.
 */
export interface Tally {
  /**
   * Counts one finished call.
   *
   * @param failed whether the call was judged a failure
   * @param durationMs how long the call took, in milliseconds; meaningful only with the `timing` `duration` of the rule
   * @param nowMs the time, in milliseconds since 1970, which never runs backwards; meaningful unless the `timing` of the rule is `none`
   * @returns `true` to open the circuit
   */
  record(failed: boolean, durationMs: number, nowMs: number): boolean
  /** Returns the counts at the time `nowMs`, in milliseconds since 1970. `CircuitBreaker.counts()` returns those of the first rule. */
  counts(nowMs: number): Counts
  /** Returns the counts as data for JSON, to be passed to `start`. */
  save(): unknown
}

/**
 * The numbers of finished calls that a trip rule counts now: since the circuit closed, or within its window. Calls in flight, and calls that were
 * judged `ignore`, are not counted.
 */
export interface Counts {
  /** All counted calls: `successes` plus `failures`. */
  calls: number
  /** The counted calls that were judged a success, slow ones included. */
  successes: number
  /** The counted calls that were judged a failure. */
  failures: number
  /** The number of slow calls, whether they succeeded or failed; 0 unless the rule has a `slowCallMs`. */
  slow: number
}

/** Records a call in every tally. Returns whether any tally opens the circuit. If a tally throws, only a warning is emitted. */
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
