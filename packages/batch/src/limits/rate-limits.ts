import { systemClock, type Clock } from '../clock.ts'
import { aClock, count, duration, validate, type Check } from '../validate.ts'

/** What a provider allows. A limit that is not given is learned, from headers or from refusals. */
export interface RateLimits {
  /** How many requests may begin in a minute, whatever their size. @default learned */
  requestsPerMinute?: number | undefined
  /** How many tokens a minute may have, input and output together. @default learned */
  tokensPerMinute?: number | undefined
  /** How many tokens of input a minute may have, where the provider limits them apart. @default learned */
  inputTokensPerMinute?: number | undefined
  /** How many tokens of output a minute may have, where the provider limits them apart. @default learned */
  outputTokensPerMinute?: number | undefined
  /** How many requests a day may have. All of it may be used at once; it comes back evenly over the day. @default learned */
  requestsPerDay?: number | undefined
  /** The share of each limit that is used: other clocks and other clients need some of it. @default 0.95 */
  safety?: number | undefined
  /**
   * How much of a pause can be made up for at once, in milliseconds: after it, so much of a minute starts together. A new limiter
   * has no pause behind it: it begins with one request. @default 1_000
   */
  burstMs?: number | undefined
  /** How long an acquire may wait, in milliseconds. One that is sure to wait longer is refused at once. @default no limit */
  maxWaitMs?: number | undefined
  /** How many acquires wait at most. @default 10_000 */
  maxQueue?: number | undefined
  /** Where time comes from. It may be set back. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
}

type Defaulted = 'safety' | 'burstMs' | 'maxWaitMs' | 'maxQueue' | 'clock'
export type RateLimitSettings = RateLimits & Required<{ [Name in Defaulted]: NonNullable<RateLimits[Name]> }>

/** @throws TypeError for an option that does not exist or makes no sense */
export function settingsOf(options: RateLimits): RateLimitSettings {
  validate(options, CHECKS)
  return {
    ...options,
    safety: options.safety ?? 0.95,
    burstMs: options.burstMs ?? 1_000,
    maxWaitMs: options.maxWaitMs ?? Infinity,
    maxQueue: options.maxQueue ?? 10_000,
    clock: options.clock ?? systemClock,
  }
}

const limit: Check = [
  (value) => typeof value === 'number' && value > 0 && value < Infinity,
  'a finite number above 0',
]

const CHECKS: Readonly<Record<keyof RateLimits, Check>> = {
  requestsPerMinute: limit,
  tokensPerMinute: limit,
  inputTokensPerMinute: limit,
  outputTokensPerMinute: limit,
  requestsPerDay: limit,
  safety: [(value) => typeof value === 'number' && value > 0 && value <= 1, 'a number above 0, at most 1'],
  burstMs: [
    (value) => Number.isFinite(value) && (value as number) >= 0,
    'a finite number of milliseconds of at least 0',
  ],
  maxWaitMs: duration,
  maxQueue: count,
  clock: aClock,
}
