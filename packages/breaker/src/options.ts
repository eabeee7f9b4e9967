import { systemClock, type Clock } from './clock.ts'
import { judgeByDefault, withDefaultJudge, type Judge, type Outcome, type Verdict } from './judge.ts'
import { DEFAULT_OPEN_MS, type OpenTime } from './open-time.ts'
import { isSnapshot, type BreakerSnapshot } from './snapshot.ts'
import type { BreakerStore } from './store.ts'
import { consecutive } from './trip-rules/consecutive.ts'
import type { TripRule } from './trip-rules/trip-rule.ts'
import {
  aClock,
  aFunction,
  aString,
  checksOf,
  duration,
  having,
  validate,
  wholeNumber,
  type Check,
} from './validate.ts'

/** Options of a `CircuitBreaker`: when it opens, for how long, how it tries again, and what counts as a failure. */
export interface BreakerOptions {
  /**
   * The rule that decides when the circuit opens: `consecutive`, `countWindow`, `timeWindow` or your own. If you pass several rules, each of them can
   * open it. @default consecutive(3)
   */
  trip?: TripRule | readonly TripRule[] | undefined
  /**
   * How long the circuit stays open before it lets a probe through, in milliseconds, at least 1. The time doubles, up to 10 minutes, each time the
   * circuit opens again before it has been closed for as long as it was last open. A number above 10 minutes is not doubled. Pass a function to
   * calculate the time yourself: it receives the number of such openings in a row, from 1. @default 30_000
   */
  openForMs?: number | ((consecutiveOpens: number) => number) | undefined
  /**
   * The number of calls that must succeed while the circuit is half-open before it closes. At most this number of calls are let through; others are
   * refused. If one fails, the circuit opens again. A whole number of at least 1. @default 1
   */
  probes?: number | undefined
  /**
   * How long a probe may take before it counts as failed, in milliseconds, at least 1; the call itself goes on. Pass more than calls normally take.
   * @default 30_000
   */
  probeTimeoutMs?: number | undefined
  /**
   * Decides whether a finished call is a success, a failure, or not counted. If this function throws or returns something else, a warning is emitted
   * and the default decides. @default an AbortError is not counted, every other error is a failure, every value is a success
   */
  judge?: ((outcome: Outcome) => Verdict) | undefined
  /**
   * The state to start from: a result of `snapshot()`, from this process or another one. It may have been converted to JSON and back. @default
   * closed, with no counts
   */
  restore?: BreakerSnapshot | undefined
  /** The source of the current time. @default a monotonic clock */
  clock?: Clock | undefined
  /**
   * The store through which the circuit shares its openings with other processes, such as `redisBreakerStore` of `@harbor/redis`. Needs `name`.
   * @default none: other processes have no effect on the circuit
   */
  store?: BreakerStore | undefined
  /**
   * The name under which the store shares the circuit. Use the same name in all processes, and for only one breaker in each process. @default none;
   * in a registry, the key of the breaker
   */
  name?: string | undefined
}

/** The checked options with their defaults. */
export interface Settings {
  readonly rules: readonly TripRule[]
  readonly openForMs: OpenTime
  readonly probes: number
  readonly probeTimeoutMs: number
  readonly judge: Judge
  readonly clock: Clock
  readonly store: BreakerStore | undefined
  readonly name: string
}

export function settingsOf(options: BreakerOptions): Settings {
  validate(options, CHECKS)
  const { trip = consecutive(3), openForMs = DEFAULT_OPEN_MS, probes = 1, probeTimeoutMs = 30_000 } = options
  const { judge, clock = systemClock, store, name = '' } = options
  return {
    rules: [trip].flat(),
    openForMs,
    probes,
    probeTimeoutMs,
    judge: judge ? withDefaultJudge(judge) : judgeByDefault,
    clock,
    store,
    name,
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
  store: having('a store, such as redisBreakerStore()', 'attach'),
  name: aString,
} satisfies Record<keyof BreakerOptions, Check>)
