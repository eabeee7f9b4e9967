import type { ObservedLimits } from './headers/rate-limit-headers.ts'

/** The tokens of one request. */
export interface Cost {
  input: number
  output: number
  /**
   * Says which of the two numbers are estimates; `true` for both. If an estimate is above a limit, the request starts
   * when the bucket of the limit is full, since the estimate may be wrong. If an exact number is above a limit, the
   * request is rejected at once. @default false
   */
  estimated?: boolean | 'input' | 'output' | undefined
}

/** Delays requests so that they start no faster than the provider allows. Created by `createRateLimiter`. */
export interface RateLimiter {
  /**
   * Waits until a request of this cost may start; first come, first served within its priority.
   *
   * @param cost an estimate, in tokens; report the real usage with `settle`
   * @returns the lease. Settle or cancel it, once; otherwise the amount that it reserved is lost
   * @throws the signal's own reason when it aborts; RequestTooLargeError, at once, for a cost above a limit, unless it
   * is `estimated`; QueueFullError; RateLimitWaitError when the acquire would wait, or has waited, longer than
   * `maxWaitMs`
   */
  acquire(cost: Cost, options?: AcquireOptions): Promise<Lease>
  /**
   * Like `acquire`, but does not wait; for callers that have an alternative.
   *
   * @returns the lease; undefined if the request would have to wait, or is too large ever to start
   */
  tryAcquire(cost: Cost, options?: Pick<AcquireOptions, 'priority'>): Lease | undefined
  /**
   * How long a request of this cost, with priority 0, would wait if it were acquired now, in milliseconds. If the
   * result is 0, an `acquire` in the same tick starts at once. The result is `Infinity` if the request is too large
   * ever to start. It is also `Infinity` while the wait is unknown: no limit is known, and the first answers have not
   * arrived.
   */
  waitMs(cost: Cost): number
  /**
   * Learns the limits that a provider reported. If there is a lease for the request, pass the limits to `settle`
   * instead: it takes into account when the request was sent.
   */
  learn(limits: ObservedLimits): void
  stats(): RateLimiterStats
}

export interface AcquireOptions {
  /** When it aborts, a waiting acquire rejects at once with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Requests with a higher priority start first. @default 0 */
  priority?: number | undefined
}

/** The reservation of one request. Only the first call of `settle` or `cancel` has an effect. */
export interface Lease {
  /** Ends the reservation after the request was answered, or failed after it was sent. */
  settle(outcome: Outcome): void
  /** Ends the reservation of a request that was not sent, and releases the reserved amount. */
  cancel(): void
}

/** How a request ended. Leave out what is unknown. */
export interface Outcome {
  /**
   * The HTTP status. 429 means that the provider rejected the request because of a limit. A 4xx counts as using no
   * tokens, unless `usage` is given.
   */
  status?: number | undefined
  /** The retry delay that the provider requested, in milliseconds. After a 429, nothing starts for this long. */
  retryAfterMs?: number | undefined
  /** The tokens that were really used. If they are left out, the request has used its estimate. */
  usage?: Cost | undefined
  /** The limits that `parseRateLimitHeaders` has found in the answer's headers. */
  observed?: ObservedLimits | undefined
}

/** The kinds of limits. */
export type LimitKind = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens' | 'requestsPerDay'

export interface RateLimiterStats {
  /** Leases granted. */
  granted: number
  /** Leases not yet settled or cancelled. */
  inFlight: number
  waiting: number
  /** The number of calls of `acquire()` that were rejected because the request was too large, the queue full, or the wait too long. */
  refused: number
  /** Answers with status 429. */
  rateLimited: number
  /** The remaining time of a pause after a 429, in which nothing starts, in milliseconds. */
  pausedForMs: number
  /** The known limits. */
  limits: Partial<Record<LimitKind, LimitStats>>
}

export interface LimitStats {
  /** The amount allowed per window, as configured or as the provider reports it, before `safety` is applied. */
  limit: number
  windowMs: number
  /** The amount that could be used now; negative while a debt is being refilled. */
  available: number
  /** Whether the limit was learned from headers or 429s, not configured. */
  learned: boolean
}

/** An adaptive limit on the number of requests in flight. Created by `createConcurrencyLimit`. */
export interface ConcurrencyLimit {
  /**
   * Waits for a slot; first come, first served.
   *
   * @returns the slot. Settle or cancel it, once
   * @throws the signal's own reason when it aborts
   */
  acquire(signal?: AbortSignal): Promise<ConcurrencyLease>
  /** Like `acquire`, but does not wait. @returns undefined if no slot is free */
  tryAcquire(): ConcurrencyLease | undefined
  /** The current maximum number of requests in flight. */
  readonly limit: number
  readonly inFlight: number
  stats(): ConcurrencyLimitStats
}

/** A slot. Only the first call of `settle` or `cancel` has an effect. */
export interface ConcurrencyLease {
  /**
   * Frees the slot after the request has ended.
   *
   * @param outcome `overloaded`: true if the provider reported overload (status 429, 503 or 529), false after a success
   * or any other failure
   */
  settle(outcome: { overloaded: boolean }): void
  /**
   * Frees the slot and leaves the limit unchanged. For a request that was not sent, or whose outcome says nothing about
   * load.
   */
  cancel(): void
}

export interface ConcurrencyLimitStats {
  limit: number
  inFlight: number
  waiting: number
  granted: number
  /** Requests settled as overloaded. */
  overloaded: number
  /** How often the limit was lowered; at most once per round trip. */
  cuts: number
}
