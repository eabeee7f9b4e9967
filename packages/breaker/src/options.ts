import { systemClock, type Clock } from './clock.ts'
import { consecutive } from './consecutive.ts'
import { carefully, judgeByDefault, type Judge, type Outcome, type Verdict } from './judge.ts'
import { DEFAULT_OPEN_MS, type OpenTime } from './open-time.ts'
import { isSnapshot, type BreakerSnapshot } from './snapshot.ts'
import type { TripRule } from './trip-rule.ts'
import { duration, having, ofType, validate, wholeNumber, type Check } from './validate.ts'

export interface BreakerOptions {
  /** When it opens; of several rules, the first that says so. @default consecutive(3) */
  trip?: TripRule | readonly TripRule[] | undefined
  /**
   * How long it stays open before a probe is let through, in milliseconds. A number doubles with each opening that follows
   * another before the circuit was closed for as long as it had been open, up to 10 minutes. A function is told how many
   * openings there were in a row, this one included, and its answer is taken as it is. @default 30_000
   */
  openForMs?: number | ((openings: number) => number) | undefined
  /** How many probes run at once when it is half-open, and must succeed for it to close. The first failure opens it again. @default 1 */
  probes?: number | undefined
  /** A probe of which nothing was heard for so long, in milliseconds, counts as failed. Let it be longer than calls take. @default 30_000 */
  probeTimeoutMs?: number | undefined
  /**
   * What an outcome says about the health of what is called. If it throws, a warning is emitted and the default judges.
   * @default an AbortError is ignored, every other error is a failure, every value a success
   */
  judge?: ((outcome: Outcome) => Verdict) | undefined
  /** Goes on from here: what `snapshot()` returned, perhaps in another process, perhaps through JSON. */
  restore?: BreakerSnapshot | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
}

/** The options with their defaults. */
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
    judge: judge ? carefully(judge) : judgeByDefault,
    clock,
  }
}

const isRule = (value: unknown): boolean => having('start', '')(value) === true

const CHECKS: Readonly<Record<keyof BreakerOptions, Check>> = {
  trip(value) {
    const rules = [value].flat()
    return (
      (rules.length > 0 && rules.every(isRule)) || 'a trip rule, such as consecutive(3), or a list of some'
    )
  },
  openForMs(value) {
    const expected = typeof value === 'function' || duration(value)
    return expected === true || `${expected}, or a function`
  },
  probes: wholeNumber,
  probeTimeoutMs: duration,
  judge: /* @__PURE__ */ ofType('function'),
  restore: (value) => isSnapshot(value) || 'what snapshot() returned',
  clock: /* @__PURE__ */ having('now', 'a clock'),
}
