import { systemClock, type Clock } from './clock.ts'
import { judgeByDefault, withDefaultJudge, type Judge, type Outcome, type Verdict } from './judge.ts'
import { DEFAULT_OPEN_MS, type OpenTime } from './open-time.ts'
import { isSnapshot, type BreakerSnapshot } from './snapshot.ts'
import { consecutive } from './trip-rules/consecutive.ts'
import type { TripRule } from './trip-rules/trip-rule.ts'
import {
  aClock,
  aFunction,
  checksOf,
  duration,
  having,
  validate,
  wholeNumber,
  type Check,
} from './validate.ts'

export interface BreakerOptions {
  /** The rule that decides when the circuit opens. With several rules, each of them can open it. @default consecutive(3) */
  trip?: TripRule | readonly TripRule[] | undefined
  /**
   * How long the circuit stays open before a probe is let through, in milliseconds. A number is doubled, up to 10 minutes, if the
   * circuit opens again before it has been closed for as long as it was last open. A function receives how many times in a row
   * the circuit has opened like this, including this time, and its result is used unchanged. @default 30_000
   */
  openForMs?: number | ((consecutiveOpens: number) => number) | undefined
  /**
   * The number of probes that may run at the same time while the circuit is half-open, and that must succeed to close it. The
   * first probe that fails opens the circuit again. @default 1
   */
  probes?: number | undefined
  /**
   * How long a probe may take before it counts as failed, in milliseconds. Should be longer than calls normally take.
   * @default 30_000
   */
  probeTimeoutMs?: number | undefined
  /**
   * Judges the outcome of a call: it is a success, a failure, or not counted. If `judge` throws, a warning is emitted and the
   * default decides.
   * @default an AbortError is ignored, every other error is a failure, every value a success
   */
  judge?: ((outcome: Outcome) => Verdict) | undefined
  /** The state to start from: a result of `snapshot()`, from this or another process, which may have passed through JSON. */
  restore?: BreakerSnapshot | undefined
  /** The source of the time. @default a monotonic clock */
  clock?: Clock | undefined
}

/** The checked options with their defaults. */
export interface Settings {
  readonly rules: readonly TripRule[]
  readonly openForMs: OpenTime
  readonly probes: number
  readonly probeTimeoutMs: number
  readonly judge: Judge
  readonly clock: Clock
}

export function settingsOf(options: BreakerOptions): Settings {
  validate(options, CHECKS)
  const { trip = consecutive(3), openForMs = DEFAULT_OPEN_MS, probes = 1, probeTimeoutMs = 30_000 } = options
  const { judge, clock = systemClock } = options
  return {
    rules: [trip].flat(),
    openForMs,
    probes,
    probeTimeoutMs,
    judge: judge ? withDefaultJudge(judge) : judgeByDefault,
    clock,
  }
}

const isRule = (value: unknown): boolean => having('', 'start')(value) === true

const CHECKS = /* @__PURE__ */ checksOf({
  trip(value) {
    const rules = [value].flat()
    return (
      (rules.length > 0 && rules.every(isRule)) ||
      'a trip rule, such as consecutive(3), or a list of trip rules'
    )
  },
  openForMs(value) {
    const expected = typeof value === 'function' || duration(value)
    return expected === true || `${expected}, or a function`
  },
  probes: wholeNumber,
  probeTimeoutMs: duration,
  judge: aFunction,
  restore: (value) => isSnapshot(value) || 'what snapshot() returned',
  clock: aClock,
} satisfies Record<keyof BreakerOptions, Check>)
