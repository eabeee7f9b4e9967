import { count, validate, type Check } from '../validate.ts'
import { AdaptiveLimit } from './adaptive-limit.ts'
import type { ConcurrencyLimit } from './contracts.ts'

export interface ConcurrencyLimitOptions {
  /** How many may be under way at the beginning. @default 8, or what `min` and `max` make of it */
  initial?: number | undefined
  /** The limit never falls below. @default 1 */
  min?: number | undefined
  /** The limit never rises above. Trap: where nobody ever says that it is too much, this is the limit. @default 256 */
  max?: number | undefined
}

/**
 * A limit on requests under way that finds out how many are good: it doubles in each round trip until the provider is overloaded, then
 * falls to seven tenths, and from there rises by one in a round trip (slow start and AIMD, as in TCP, RFC 5681). All that fails in one
 * round trip is one cut. How long requests take says nothing: the time of a model goes with the length of its answer.
 *
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createConcurrencyLimit(options: ConcurrencyLimitOptions = {}): ConcurrencyLimit {
  validate(options, CHECKS)
  const { min = Math.min(1, options.max ?? 1), max = Math.max(256, options.initial ?? 0, options.min ?? 0) } =
    options
  const { initial = Math.max(min, Math.min(8, max)) } = options
  if (min > max) throw new TypeError(`min must be at most max (${max}), got ${min}`)
  if (initial < min || initial > max)
    throw new TypeError(`initial must be from min (${min}) to max (${max}), got ${initial}`)
  return new AdaptiveLimit(initial, min, max)
}

const whole: Check = [(value) => value !== Infinity && count[0](value), count[1]]

const CHECKS: Readonly<Record<keyof ConcurrencyLimitOptions, Check>> = {
  initial: whole,
  min: whole,
  max: count,
}
