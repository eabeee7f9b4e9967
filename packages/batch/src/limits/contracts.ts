import type { ObservedLimits } from './headers/rate-limit-headers.ts'

/** The tokens of one request. */
export interface Cost {
  input: number
  output: number
  /**
   * Which of the numbers are estimates, `true` for both. An estimate above a limit waits for a full bucket and then
   * goes, since it may be wrong; any other number above a limit is rejected at once. @default false
   */
  estimated?: boolean | 'input' | 'output' | undefined
}

/** Lets requests start no faster than the provider allows. Made by `createRateLimiter`. */
export interface RateLimiter {
  /**
   * Waits until a request of this cost may start; first come, first served within its priority.
   *
   * @param cost an estimate, in tokens; report the real usage with `settle`
   * @returns the reservation. Settle or cancel each lease, once; otherwise what it reserved is lost
   * @throws the signal's own reason when it aborts; RequestTooLargeError, at once, for a cost above a limit, unless it
   * is `estimated`; QueueFullError; RateLimitWaitError when it would wait, or has waited, longer than `maxWaitMs`
   */
  acquire(cost: Cost, options?: AcquireOptions): Promise<Lease>
  /**
   * The same without waiting, for callers that have an alternative.
   *
   * @returns the reservation; undefined if it would have to wait, or is too large ever to start
   */
  tryAcquire(cost: Cost, options?: Pick<AcquireOptions, 'priority'>): Lease | undefined
  /**
   * How long a request of this cost, with priority 0, would wait if it came now, in milliseconds. If 0, an `acquire` in
   * the same tick starts at once. `Infinity` if it is too large ever to start, or if the wait is unknown: no limits are
   * known and the first answers have not come.
   */
  waitMs(cost: Cost): number
  /**
   * Learns the limits that a provider reported. `settle` is better, where there is a lease: it knows when the request
   * was sent.
   */
  learn(limits: ObservedLimits): void
  stats(): RateLimiterStats
}

export interface AcquireOptions {
  /** Its abort rejects a waiting acquire at once, with its own reason. */
  signal?: AbortSignal | undefined
  /** Higher goes first. @default 0 */
  priority?: number | undefined
}

/** The reservation of one request. Only the first `settle` or `cancel` counts. */
export interface Lease {
  /** Call it when the request was answered, or failed after it was sent. */
  settle(outcome: Outcome): void
  /** Call it when the request was not sent: everything it reserved is released. */
  cancel(): void
}

/** How a request ended. Leave out what is unknown. */
export interface Outcome {
  /**
   * The HTTP status. 429 means that the provider rejected the request because of a limit; a 4xx costs no tokens unless
   * `usage` is given.
   */
  status?: number | undefined
  /** The retry delay that the provider requested, in milliseconds. After a 429, nothing starts for this long. */
  retryAfterMs?: number | undefined
  /** The actual usage. Without it, the estimate counts. */
  usage?: Cost | undefined
  /** The limits that `parseRateLimitHeaders` found in the answer's headers. */
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
  /** Acquires that were rejected: too large, queue full, wait too long. */
  refused: number
  /** Answers with status 429. */
  rateLimited: number
  /** How long nothing will start, because the provider requested a pause, in milliseconds. */
  pausedForMs: number
  /** The known limits. */
  limits: Partial<Record<LimitKind, LimitStats>>
}

export interface LimitStats {
  /** The amount allowed per window, as configured or as the provider reports it, before `safety` is applied. */
  limit: number
  windowMs: number
  /** What could start now; negative while a debt is being refilled. */
  available: number
  /** Whether it was learned from headers or 429s, not configured. */
  learned: boolean
}

/** An adaptive limit on the number of requests in flight. Made by `createConcurrencyLimit`. */
export interface ConcurrencyLimit {
  /**
   * Waits for a slot; first come, first served.
   *
   * @returns a slot, to be settled or cancelled once
   * @throws the signal's own reason when it aborts
   */
  acquire(signal?: AbortSignal): Promise<ConcurrencyLease>
  /** The same without waiting. @returns undefined if it would have to wait */
  tryAcquire(): ConcurrencyLease | undefined
  /** The current maximum number of requests in flight. */
  readonly limit: number
  readonly inFlight: number
  stats(): ConcurrencyLimitStats
}

/** A slot. Only the first `settle` or `cancel` counts. */
export interface ConcurrencyLease {
  /**
   * Call it when the request has ended. `overloaded`: the provider reported overload (429, 503, 529), not another
   * failure.
   */
  settle(outcome: { overloaded: boolean }): void
  /** Call it when the request was not sent, or when its outcome says nothing about load: nothing is learned. */
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
