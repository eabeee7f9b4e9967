import { count, validate, type Check } from '../validate.ts'
import { AdaptiveLimit } from './adaptive-limit.ts'
import type { ConcurrencyLimit } from './contracts.ts'

/** Options of `createConcurrencyLimit`: where the limit starts, and between which bounds it moves. */
export interface ConcurrencyLimitOptions {
  /** The limit at the start, a whole number from `min` to `max`. @default 8, or the nearest value from `min` to `max` */
  initial?: number | undefined
  /** The lower bound of the limit, a whole number of at least 1 and at most `max`. @default 1 */
  min?: number | undefined
  /**
   * The upper bound of the limit: a whole number of at least `min`, or Infinity. Beware: if the provider never reports overload, the limit rises to
   * this bound. @default 256, or `initial` or `min` if higher
   */
  max?: number | undefined
}

/**
 * Creates an adaptive limit on the number of requests in flight. The limit doubles in each round trip until the provider is overloaded. It then falls
 * to 70 % of the requests in flight, and rises by one per round trip from there (slow start and AIMD, as in TCP, RFC 5681). All overloads of one
 * round trip count as one. Latency is ignored, since it depends on the length of a model's answer.
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
