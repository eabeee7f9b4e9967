import type { Counts, Tally, TripRule } from './trip-rule.ts'
import { aRatio, checksOf, duration, validate, wholeNumber } from '../validate.ts'

/**
 * Options of `timeWindow`: the length of the window, and how many of its calls must fail or be slow. `durationMs` and `failureRatio` are required.
 */
export interface TimeWindowOptions {
  /**
   * How long a call counts after its end, in milliseconds, at least 1: the length of the window. It moves in ten steps, so that a call leaves it
   * after 90 to 100 % of this time.
   */
  durationMs: number
  /** The fraction of the counted calls that must have failed for the circuit to open: above 0, at most 1. 0.5 means half of them. */
  failureRatio: number
  /**
   * The number of calls that must be in the window before the circuit can open, at least 1. Prevents a few failures during low traffic from opening
   * the circuit. @default 10
   */
  minimumCalls?: number | undefined
  /**
   * The minimum duration of a slow call, in milliseconds, whether the call succeeds or fails. Must be set together with `slowCallRatio`. @default no
   * call counts as slow
   */
  slowCallMs?: number | undefined
  /**
   * The fraction of the counted calls that must have been slow for the circuit to open: above 0, at most 1. Must be set together with `slowCallMs`.
   * @default slow calls do not open the circuit
   */
  slowCallRatio?: number | undefined
}

/**
 * Creates a rule that opens the circuit when at least a given fraction of the calls of the last `durationMs` milliseconds failed, or were slow.
 * Recording a call takes constant time. Calls leave the window even while no new calls are made.
 *
 * @throws TypeError for an unknown, missing or invalid option, or one of `slowCallMs` and `slowCallRatio` without the other
 */
export function timeWindow(options: TimeWindowOptions): TripRule {
  validate(options, CHECKS, 'durationMs', 'failureRatio')
  if ((options.slowCallMs === undefined) !== (options.slowCallRatio === undefined)) {
    throw new TypeError('slowCallMs and slowCallRatio must be given together')
  }
  const { minimumCalls = 10, slowCallMs = Infinity, slowCallRatio = Infinity } = options
  const settings = { ...options, minimumCalls, slowCallMs, slowCallRatio }
  return {
    timing: slowCallMs < Infinity ? 'duration' : 'time',
    start: (saved) => new TimeWindow(settings, saved),
  }
}

type Settings = { [Name in keyof TimeWindowOptions]-?: number }

/**
 * The number of steps into which the window is divided. The window moves by whole steps, so a call leaves it when 90 % to 100 %
 * of `durationMs` have passed since its end.
 */
const STEPS = 10
/** The number of counts that each step has: calls, failures, slow calls. */
const COLUMNS = 3

class TimeWindow implements Tally {
  readonly #settings: Settings
  readonly #steps: number[] = new Array<number>(STEPS * COLUMNS).fill(0)
  /** The number of the newest step. Steps are counted from 1970. */
  #newest = -Infinity
  /** The index in `#steps` of the first count of the newest step. */
  #at = 0
  /** The end of the newest step, in milliseconds since 1970. */
  #endsAt = -Infinity
  #calls = 0
  #failures = 0
  #slow = 0

  constructor(settings: Settings, saved: unknown) {
    this.#settings = settings
    if (!fits(saved, settings)) return
    this.#steps = [...saved.steps]
    this.#newest = saved.newest
    this.#at = (saved.newest % STEPS) * COLUMNS
    for (let at = 0; at < STEPS * COLUMNS; at += COLUMNS) this.#addToSums(at, 1)
  }

  record(failed: boolean, durationMs: number, nowMs: number): boolean {
    const { failureRatio, minimumCalls, slowCallMs, slowCallRatio } = this.#settings
    this.#moveTo(nowMs)
    this.#calls += this.#increment(0)
    if (failed) this.#failures += this.#increment(1)
    if (durationMs >= slowCallMs) this.#slow += this.#increment(2)
    const calls = this.#calls
    return (
      calls >= minimumCalls && (this.#failures / calls >= failureRatio || this.#slow / calls >= slowCallRatio)
    )
  }

  counts(nowMs: number): Counts {
    this.#moveTo(nowMs)
    const calls = this.#calls
    const failures = this.#failures
    return { calls, successes: calls - failures, failures, slow: this.#slow }
  }

  save(): Saved {
    return { durationMs: this.#settings.durationMs, newest: this.#newest, steps: [...this.#steps] }
  }

  /** Moves the window to this time. Resets the steps that have left it: at most ten, however much time has passed. */
  #moveTo(nowMs: number): void {
    if (nowMs < this.#endsAt) return
    const stepMs = this.#settings.durationMs / STEPS
    const now = Math.floor(nowMs / stepMs)
    for (this.#newest = Math.max(this.#newest, now - STEPS); this.#newest < now;) {
      this.#at = (++this.#newest % STEPS) * COLUMNS
      this.#addToSums(this.#at, -1)
      this.#steps.fill(0, this.#at, this.#at + COLUMNS)
    }
    this.#endsAt = (now + 1) * stepMs
  }

  /** Adds 1 to a count of the newest step. Returns 1, for the caller to add to the sum over the window. */
  #increment(column: number): number {
    const at = this.#at + column
    this.#steps[at] = (this.#steps[at] ?? 0) + 1
    return 1
  }

  /** Adds the counts of a step to the sums over the window, or subtracts them from the sums. */
  #addToSums(at: number, sign: 1 | -1): void {
    const [calls = 0, failures = 0, slow = 0] = this.#steps.slice(at, at + COLUMNS)
    this.#calls += sign * calls
    this.#failures += sign * failures
    this.#slow += sign * slow
  }
}

interface Saved {
  durationMs: number
  newest: number
  steps: readonly number[]
}

function fits(saved: unknown, { durationMs }: Settings): saved is Saved {
  const { durationMs: ofSaved, newest, steps } = (saved ?? {}) as Partial<Saved>
  return ofSaved === durationMs && Number.isFinite(newest) && steps?.length === STEPS * COLUMNS
}

const CHECKS = /* @__PURE__ */ checksOf({
  durationMs: duration,
  failureRatio: aRatio,
  minimumCalls: wholeNumber,
  slowCallMs: duration,
  slowCallRatio: aRatio,
})
