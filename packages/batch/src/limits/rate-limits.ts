import { systemClock, type Clock } from '../clock.ts'
import { aClock, count, duration, validate, type Check } from '../validate.ts'

/**
 * The limits of a provider, and the options of a rate limiter. All limits are finite numbers above 0. A limit that is not set is learned from
 * response headers; requests per minute are also learned from 429s.
 */
export interface RateLimits {
  /**
   * The maximum number of requests started per minute, whatever their size. @default learned from response headers and 429s; before that, only four
   * requests are in flight if no limit is known
   */
  requestsPerMinute?: number | undefined
  /** The maximum number of tokens per minute, input and output together. @default learned from response headers; no limit before that */
  tokensPerMinute?: number | undefined
  /**
   * The maximum number of input tokens per minute, if the provider limits them separately. @default learned from response headers; no limit before
   * that
   */
  inputTokensPerMinute?: number | undefined
  /**
   * The maximum number of output tokens per minute, if the provider limits them separately. @default learned from response headers; no limit before
   * that
   */
  outputTokensPerMinute?: number | undefined
  /**
   * The maximum number of requests per day. All of them may be used at once; they refill evenly over the day. @default learned from response headers;
   * no limit before that
   */
  requestsPerDay?: number | undefined
  /** The fraction of each limit that is used, above 0 and at most 1; the rest is a margin for clock differences and other clients. @default 0.95 */
  safety?: number | undefined
  /**
   * The maximum burst after an idle time, in milliseconds, at least 0: what a limit allows in this time may be used at once. A new limiter starts
   * with one request, not with a burst of `requestsPerMinute`. Has no effect on `requestsPerDay`. @default 1_000
   */
  burstMs?: number | undefined
  /**
   * The maximum time that a call of `acquire` waits, in milliseconds, at least 0. A call that would certainly wait longer is rejected at once with
   * RateLimitWaitError. @default no limit
   */
  maxWaitMs?: number | undefined
  /** The maximum number of waiting calls of `acquire`, at least 1. A further call is rejected with QueueFullError. @default 10_000 */
  maxQueue?: number | undefined
  /** The source of time. The limiter works even if this clock is set back. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
}

type Defaulted = 'safety' | 'burstMs' | 'maxWaitMs' | 'maxQueue' | 'clock'
export type RateLimitSettings = RateLimits & Required<{ [Name in Defaulted]: NonNullable<RateLimits[Name]> }>

/** Checks the options, and adds the defaults. @throws TypeError for an option that does not exist or makes no sense */
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
