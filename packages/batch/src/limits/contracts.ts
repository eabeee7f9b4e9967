import type { ObservedLimits } from './rate-limit-headers.ts'

/** What one request costs, in tokens. */
export interface Cost {
  input: number
  output: number
  /**
   * Which of the numbers are guesses, `true` for both. A guess above a limit itself waits for a full bucket and goes, since it may be wrong;
   * anything else above a limit is refused at once. @default false
   */
  estimated?: boolean | 'input' | 'output' | undefined
}

/** Lets requests start no faster than a provider allows. Made by `createRateLimiter`. */
export interface RateLimiter {
  /**
   * Waits until one request of this cost may start, first come first served within its priority.
   *
   * @param cost an estimate, in tokens; what was really used is told to `settle`
   * @returns what has been reserved. Each lease must be settled or cancelled, once: what was reserved is else lost
   * @throws the signal's own reason when it aborts; RequestTooLargeError, at once, for a cost above a limit itself, unless it is `estimated`;
   * QueueFullError; RateLimitWaitError when it would wait, or has waited, longer than `maxWaitMs`
   */
  acquire(cost: Cost, options?: AcquireOptions): Promise<Lease>
  /**
   * The same without waiting, for whoever has another place to go.
   *
   * @returns what has been reserved; undefined if it would have to wait, or is too large ever to start
   */
  tryAcquire(cost: Cost, options?: Pick<AcquireOptions, 'priority'>): Lease | undefined
  /**
   * How long a request of this cost, without priority, would wait if it came now, in milliseconds. If 0, an `acquire` in the same tick
   * starts at once. `Infinity` if it is too large ever to start, or if nobody can tell: nothing is known of the limits and
   * the first answers have not come.
   */
  waitMs(cost: Cost): number
  /** Learns from what a provider said about its limits, best through `settle`, which knows when the request was sent. */
  learn(limits: ObservedLimits): void
  stats(): RateLimiterStats
}

export interface AcquireOptions {
  /** Its abort rejects a waiting acquire at once, with its own reason. */
  signal?: AbortSignal | undefined
  /** Higher goes first. @default 0 */
  priority?: number | undefined
}

/** What one request has reserved. Only the first `settle` or `cancel` counts. */
export interface Lease {
  /** The request has been answered, or has failed after it was sent. */
  settle(outcome: Outcome): void
  /** The request was never sent: all that it reserved is given back. */
  cancel(): void
}

/** How a request ended. What is not known is left out. */
export interface Outcome {
  /** HTTP status. A 429 means that it was refused; a 4xx costs no tokens unless `usage` says so. */
  status?: number | undefined
  /** How long the provider asked to wait, in milliseconds. After a 429 nothing starts for so long. */
  retryAfterMs?: number | undefined
  /** What it really cost. Without it the estimate stands. */
  usage?: Cost | undefined
  /** What `parseRateLimitHeaders` found in the answer. */
  observed?: ObservedLimits | undefined
}

/** What can be limited. */
export type LimitKind = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens' | 'requestsPerDay'

export interface RateLimiterStats {
  /** Leases given out. */
  granted: number
  /** Leases not yet settled or cancelled. */
  inFlight: number
  waiting: number
  /** Acquires that were refused: too large, queue full, too long a wait. */
  refused: number
  /** Answers with status 429. */
  rateLimited: number
  /** How long nothing starts, because a provider asked for it, in milliseconds. */
  pausedForMs: number
  /** The limits that are known. */
  limits: Partial<Record<LimitKind, LimitStats>>
}

export interface LimitStats {
  /** How much in one window, as configured or as the provider says, without `safety`. */
  limit: number
  windowMs: number
  /** What could start now; below 0 while a debt is being worked off. */
  available: number
  /** It was not configured: headers or refusals told of it. */
  learned: boolean
}

/** Lets so many requests be under way at once. The number adapts. Made by `createConcurrencyLimit`. */
export interface ConcurrencyLimit {
  /**
   * Waits for a slot, first come first served.
   *
   * @returns a slot, to be settled or cancelled once
   * @throws the signal's own reason when it aborts
   */
  acquire(signal?: AbortSignal): Promise<ConcurrencyLease>
  /** The same without waiting. @returns undefined if it would have to wait */
  tryAcquire(): ConcurrencyLease | undefined
  /** How many may be under way now. */
  readonly limit: number
  readonly inFlight: number
  stats(): ConcurrencyLimitStats
}

/** A slot. Only the first `settle` or `cancel` counts. */
export interface ConcurrencyLease {
  /** The request has ended. `overloaded`: the provider said that it was too much (429, 503, 529), not that it failed otherwise. */
  settle(outcome: { overloaded: boolean }): void
  /** The request was never sent, or its end says nothing about load: nothing is learned. */
  cancel(): void
}

export interface ConcurrencyLimitStats {
  limit: number
  inFlight: number
  waiting: number
  granted: number
  /** Settled as overloaded. */
  overloaded: number
  /** How often the limit was lowered: at most once in a round trip. */
  cuts: number
}
