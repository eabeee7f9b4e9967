import type { ObservedLimits } from './headers/rate-limit-headers.ts'

/** The size of one request in tokens. A limiter also counts the request itself, even with 0 tokens. */
export interface Cost {
  /** The input tokens (the prompt), at least 0. */
  input: number
  /** The output tokens (the answer), at least 0. Before the answer, an estimate such as the maximum that was requested. */
  output: number
  /**
   * Which of the two numbers are estimates; `true` for both. A request whose exact number is above a limit is rejected at once. A request whose
   * estimate is above a limit may be smaller than estimated, so it waits until the limit is fully available, and then starts. @default false
   */
  estimated?: boolean | 'input' | 'output' | undefined
}

/** Delays requests so that they start no faster than the provider allows. Created by `createRateLimiter`. */
export interface RateLimiter {
  /**
   * Waits until a request of this cost may start. Requests of the same priority start in the order of their calls.
   *
   * @param cost an estimate, in tokens; report the real usage with `settle`
   * @returns the lease. Call its `settle` or `cancel` once. Otherwise, the request counts as in flight for ever, and reserved tokens that it did not
   * use are not put back
   * @throws the signal's own reason when it aborts
   * @throws RequestTooLargeError, at once, for a cost above a limit, unless it is `estimated`
   * @throws RateLimitWaitError when the call would wait, or has waited, longer than `maxWaitMs`
   * @throws QueueFullError when `maxQueue` calls already wait
   */
  acquire(cost: Cost, options?: AcquireOptions): Promise<Lease>
  /**
   * Like `acquire`, but does not wait. For callers that have an alternative, such as another provider.
   *
   * @returns the lease; undefined if the request would have to wait, or is too large ever to start
   */
  tryAcquire(cost: Cost, options?: Pick<AcquireOptions, 'priority'>): Lease | undefined
  /**
   * Returns how long a request of this cost, with priority 0, would wait if it were acquired now, in milliseconds. If the result is 0, an `acquire`
   * in the same tick starts at once. The result is `Infinity` for a request that is too large to start at any time. It is also `Infinity` if the wait
   * is unknown: no limit is known, and the first answers have not arrived.
   */
  waitMs(cost: Cost): number
  /**
   * Learns the limits that a provider reported, for example as returned by `parseRateLimitHeaders`. If there is a lease for the request, pass the
   * limits to its `settle` instead, which takes into account when the request was sent.
   */
  learn(limits: ObservedLimits): void
  /** Returns counters since the limiter was created, and the limits as they are known now. */
  stats(): RateLimiterStats
}

/** Options of one call of `acquire`: its priority, and a signal that ends its wait. */
export interface AcquireOptions {
  /**
   * A signal that ends the wait: when it aborts, `acquire` rejects at once with the signal's reason. It has no effect on a lease that was granted.
   * @default none
   */
  signal?: AbortSignal | undefined
  /** Requests with a higher priority start first, even if they came later. Any finite number. @default 0 */
  priority?: number | undefined
}

/**
 * The permission to send one request. The amounts of the request are reserved until `settle` or `cancel` is called; only the first of these calls has
 * an effect.
 */
export interface Lease {
  /** Ends the lease of a request that was answered, or failed after it was sent. The usage, if it is known, replaces the reserved amount. */
  settle(outcome: Outcome): void
  /** Ends the lease of a request that was not sent, and puts the reserved amount back. */
  cancel(): void
}

/** How a request ended, for `settle`. Leave out what is unknown. */
export interface Outcome {
  /**
   * The HTTP status. 429 means that the provider rejected the request because of a limit. A 4xx counts as using no tokens, unless `usage` is given.
   */
  status?: number | undefined
  /**
   * The retry delay that the provider requested, in milliseconds. After a 429, no request starts for this long; a delay of more than a day is
   * ignored. @default none: after a 429, no request starts for 1 s, and for twice as long after each further 429 in a row, up to 60 s
   */
  retryAfterMs?: number | undefined
  /** The tokens that were really used. @default unknown: the request counts as having used its estimate */
  usage?: Cost | undefined
  /** The limits that `parseRateLimitHeaders` has found in the answer's headers. @default none reported */
  observed?: ObservedLimits | undefined
}

/** What a limit counts: requests per minute, tokens per minute (`tokens`: input and output together), or requests per day. */
export type LimitKind = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens' | 'requestsPerDay'

/** The counters of a rate limiter since its creation, and its state now. */
export interface RateLimiterStats {
  /** The number of leases granted since the creation. */
  granted: number
  /** The number of leases that are neither settled nor cancelled yet. */
  inFlight: number
  /** The number of calls of `acquire()` that wait now. */
  waiting: number
  /**
   * The number of calls of `acquire()` that were rejected because the request was too large, the queue was full, or the wait was too long. Aborted
   * calls do not count.
   */
  refused: number
  /** The number of leases settled with status 429. */
  rateLimited: number
  /** The remaining time of a pause after a 429, in milliseconds; 0 if there is none. No request starts during the pause. */
  pausedForMs: number
  /** The known limits by kind, configured or learned. A kind without a known limit is missing. */
  limits: Partial<Record<LimitKind, LimitStats>>
}

/** One known limit of a rate limiter, and what is left of it now. */
export interface LimitStats {
  /**
   * The number of requests or tokens allowed per window, before `safety` is applied: as configured, as the provider reports it, or as guessed after
   * 429s.
   */
  limit: number
  /** The time within which `limit` requests or tokens are allowed, in milliseconds: 60_000 for a limit per minute. */
  windowMs: number
  /**
   * The number of requests or tokens that can be used now. Negative after a request that used more than was available, until the limit has recovered.
   */
  available: number
  /**
   * The number of requests or tokens reserved by all leases since the limit became known, except cancelled leases. `settle` does not change it, so it
   * counts estimates, not the usage.
   */
  taken: number
  /** Whether the limit was learned from headers or 429s. If false, it was configured. */
  learned: boolean
}

/** An adaptive limit on the number of requests in flight. Created by `createConcurrencyLimit`. */
export interface ConcurrencyLimit {
  /**
   * Waits for a slot; first come, first served.
   *
   * @returns the slot; call its `settle` or `cancel` once
   * @throws the signal's own reason when it aborts
   */
  acquire(signal?: AbortSignal): Promise<ConcurrencyLease>
  /**
   * Like `acquire`, but does not wait.
   *
   * @returns the slot; undefined if none is free or other calls wait
   */
  tryAcquire(): ConcurrencyLease | undefined
  /** The current maximum number of requests in flight, a whole number. */
  readonly limit: number
  /** The number of slots in use now: acquired, but neither settled nor cancelled. */
  readonly inFlight: number
  /** Returns counters since the limit was created, and its state now. */
  stats(): ConcurrencyLimitStats
}

/** One slot of the limit: the permission to send one request. Only the first call of `settle` or `cancel` has an effect. */
export interface ConcurrencyLease {
  /**
   * Frees the slot after the request has ended.
   *
   * @param outcome `overloaded`: true if the provider reported overload (status 429, 503 or 529), false after a success or any other failure
   */
  settle(outcome: { overloaded: boolean }): void
  /**
   * Frees the slot and leaves the limit unchanged. Call it if the request was not sent, or its outcome does not show whether the provider is
   * overloaded.
   */
  cancel(): void
}

/** The counters of a concurrency limit since its creation, and its state now. */
export interface ConcurrencyLimitStats {
  /** The maximum number of requests in flight now. */
  limit: number
  /** The number of slots in use now: acquired, but neither settled nor cancelled. */
  inFlight: number
  /** The number of calls of `acquire()` that wait for a slot now. */
  waiting: number
  /** The number of slots granted since the creation. */
  granted: number
  /** The number of requests settled as overloaded, since the creation. */
  overloaded: number
  /** How often the limit was lowered since the creation; at most once per round trip. */
  cuts: number
}
