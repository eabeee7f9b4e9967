import { systemClock } from '@harbor/parts'
import type { Clock } from './clock.ts'
import { safely, judgeByDefault, type Judge, type Outcome, type Verdict } from './judge.ts'
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
  /** When the circuit opens. With several rules, when any of them is met. @default consecutive(3) */
  trip?: TripRule | readonly TripRule[] | undefined
  /**
   * How long the circuit stays open before a probe is let through, in milliseconds. A number doubles, up to 10 minutes, each
   * time the circuit opens again before it has been closed for as long as it was open. A function receives the number of
   * consecutive opens, including this one, and its result is used unchanged. @default 30_000
   */
  openForMs?: number | ((consecutiveOpens: number) => number) | undefined
  /** How many probes may run at once while half-open, and must succeed to close. The first failure opens it again. @default 1 */
  probes?: number | undefined
  /** After how long a probe that has not ended counts as failed, in milliseconds. Should be longer than calls take. @default 30_000 */
  probeTimeoutMs?: number | undefined
  /**
   * Decides what an outcome says about the health of what is called. If it throws, a warning is emitted and the default is
   * used.
   * @default an AbortError is ignored, every other error is a failure, every value a success
   */
  judge?: ((outcome: Outcome) => Verdict) | undefined
  /** The state to start from: what `snapshot()` returned, in this or another process, also after JSON. */
  restore?: BreakerSnapshot | undefined
  /** Where time comes from. @default a monotonic clock */
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
    judge: judge ? safely(judge) : judgeByDefault,
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
