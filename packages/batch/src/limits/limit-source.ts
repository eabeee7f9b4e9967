import type { Cost, LimitKind } from './contracts.ts'

/**
 * Fills the token buckets of a rate limiter whose limits are shared by several processes. Without a source, buckets fill with time. See
 * `createSharedRateLimiter`.
 */
export interface LimitSource {
  /** Called once, when the limiter is created. */
  attach(limiter: SharedLimiter): void
  /**
   * Called before the limiter reads its buckets, so that the source can remove amounts that this process may no longer use.
   *
   * @param now the time on the limiter's clock, in milliseconds
   */
  tick(now: number): void
  /**
   * Called after the limiter has taken or put back amounts, after a limit has changed, and when a request has to wait. Must return quickly.
   *
   * @param now the time on the limiter's clock, in milliseconds
   * @param refused the cost of a request that could not start and does not wait, such as one of `tryAcquire`; otherwise undefined
   */
  changed(now: number, refused?: Cost): void
}

/** The methods of a rate limiter that its `LimitSource` may call. */
export interface SharedLimiter {
  /** Returns the current time, in milliseconds on the clock of the limiter. */
  now(): number
  /** Returns the limits that processes share: those that were configured or reported in headers. Limits guessed after 429s are not among them. */
  limits(): readonly SharedLimit[]
  /** Returns the cost of the first waiting request; undefined if none waits. */
  first(): Cost | undefined
  /** Returns the summed cost and the number of all waiting requests. */
  waiting(): Cost & { readonly requests: number }
  /** Returns the number of requests started since the limiter was created. */
  started(): number
  /** Returns when the current pause ends, in milliseconds on the limiter's clock; a time in the past if there is no pause. */
  pausedUntil(): number
  /** Pauses the limiter until a time, in milliseconds on its clock. Has no effect during a longer pause. */
  pause(untilMs: number): void
  /** Starts the waiting requests for which there is room now. */
  advance(): void
}

/** One limit that processes share. */
export interface SharedLimit {
  /** What the limit counts, such as `requests` or `tokens`. */
  readonly kind: LimitKind
  /** Whether the limit counts tokens. If false, it counts requests. */
  readonly ofTokens: boolean
  /** The bucket that holds what this process may still use of the limit. */
  readonly bucket: SharedBucket
  /**
   * Returns how much of this limit a number of requests uses: for a limit on requests, that number; for a limit on tokens, the tokens that it counts.
   *
   * @param cost the tokens of all these requests together
   * @param requests the number of these requests
   */
  amount(cost: Cost, requests: number): number
}

/**
 * The token bucket of a shared limit, in one process. Amounts are requests or tokens, as the limit counts; `now` is the time on the limiter's clock.
 */
export interface SharedBucket {
  /** The number of requests or tokens allowed per window. */
  readonly limit: number
  /** The amount that the limit allows per millisecond: the limit times `safety`, divided by its window. */
  readonly perMs: number
  /** The amount that may be used at once after an idle time. */
  readonly capacity: number
  /** Returns the amount that can be taken now; negative after a request that took more than there was. */
  available(now: number): number
  /** Sets the fraction of the limit that is refilled with time, from 0 to 1. At first it is 1; with 0, only the source fills the bucket. */
  setShare(share: number, now: number): void
  /**
   * Adds an amount to the bucket; a negative amount is removed. `fillable` and `fromMs` are used to estimate waits.
   *
   * @param fillable the maximum amount that the source can add at the time `fromMs`. After that time, the maximum grows by `perMs` per millisecond
   * @param fromMs the time before which the source adds nothing more, in milliseconds on the limiter's clock
   */
  fill(amount: number, fillable: number, fromMs: number, now: number): void
  /** Records an amount that other processes took. The limiter needs it to judge the remaining amount that an answer reports. */
  takenElsewhere(amount: number): void
  /**
   * Returns the lowest remaining amount that the provider has reported since `clearReported()`, plus the refill since then; `Infinity` if it has
   * reported none.
   */
  reported(now: number): number
  /** Clears the remaining amount that the provider has reported. */
  clearReported(): void
}
