import type { Cost, LimitKind } from './contracts.ts'

/**
 * Fills the buckets of a limiter instead of time, for limits that several processes share. See `createSharedRateLimiter`.
 */
export interface LimitSource {
  /** Called once, at the creation of the limiter. */
  attach(limiter: SharedLimiter): void
  /** Called before the limiter reads its buckets, so that the source can remove amounts that are no longer its own. */
  tick(now: number): void
  /**
   * Called after the limiter has taken or put back amounts, or a limit has changed, or a request has to wait. Must return quickly.
   *
   * @param refused the cost of a request that could not start and does not wait
   */
  changed(now: number, refused?: Cost): void
}

/** A limiter, as its source sees it. */
export interface SharedLimiter {
  /** Returns the current time, in milliseconds on the clock of the limiter. */
  now(): number
  /** Returns the limits that were configured or reported in headers. Guesses after 429s are not shared. */
  limits(): readonly SharedLimit[]
  /** Returns the cost of the first waiting request; undefined if none waits. */
  first(): Cost | undefined
  /** Returns the summed cost and the number of all waiting requests. */
  waiting(): Cost & { readonly requests: number }
  /** Returns the number of requests that were started. */
  started(): number
  /** Returns when the current pause ends, in milliseconds on the clock. */
  pausedUntil(): number
  /** Pauses until a time in milliseconds on the clock, unless a longer pause is set. */
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
  /** What is left of the limit in this process. */
  readonly bucket: SharedBucket
  /**
   * Returns how much of this limit requests use: for a limit of requests their number, for a limit of tokens those of their tokens that it counts.
   *
   * @param cost the tokens of all these requests together
   * @param requests the number of these requests
   */
  amount(cost: Cost, requests: number): number
}

/** The bucket of a shared limit. */
export interface SharedBucket {
  /** The number of requests or tokens allowed per window. */
  readonly limit: number
  /** The amount that the limit allows per millisecond, after `safety`. */
  readonly perMs: number
  /** The amount that may be used at once after an idle time. */
  readonly capacity: number
  /** Returns the amount that could be taken now. */
  available(now: number): number
  /** Sets the share of the limit that time adds: 1 at first, 0 if the source fills the bucket. */
  setShare(share: number, now: number): void
  /**
   * Adds an amount, or removes a negative one.
   *
   * @param fillable the maximum amount that the source can add at `fromMs`; the refill of the limit is added to it later
   * @param fromMs the time before which the source adds nothing
   */
  fill(amount: number, fillable: number, fromMs: number, now: number): void
  /** Counts what other processes took. */
  takenElsewhere(amount: number): void
  /** Returns the amount that the provider has reported as left, with the refill since; `Infinity` if it has not since `clearReported()`. */
  reported(now: number): number
  /** Forgets what the provider has reported as left. */
  clearReported(): void
}
