import type { ObservedLimits } from './rate-limit-headers.ts'

/** Lets calls through at the pace that a provider allows. */
export interface RateLimiter {
  /**
   * Waits until a call of this size may start.
   *
   * @param cost what it will take, in tokens; it is one request
   * @throws the signal's reason, at once, when it aborts
   */
  acquire(
    cost: { input: number; output: number },
    options?: { signal?: AbortSignal | undefined; priority?: number | undefined },
  ): Promise<Lease>
  /** Takes over what a provider said about its limits. */
  learn(limits: ObservedLimits): void
  stats(): unknown
}

/** The leave to make one call. Settled once, in one way or the other; more is ignored. */
export interface Lease {
  /** The call was made: what was reserved is corrected by what it really took. */
  settle(outcome: {
    status?: number | undefined
    retryAfterMs?: number | undefined
    usage?: { input: number; output: number } | undefined
    observed?: ObservedLimits | undefined
  }): void
  /** The call was never made: everything goes back. */
  cancel(): void
}

/** Lets only so many calls be under way at once; how many may change by what they meet. */
export interface ConcurrencyLimit {
  /** @throws the signal's reason, at once, when it aborts */
  acquire(signal?: AbortSignal): Promise<ConcurrencyLease>
  /** How many may be under way now. */
  readonly limit: number
  readonly inFlight: number
  stats(): unknown
}

/** One place among the calls under way. Settled once, in one way or the other; more is ignored. */
export interface ConcurrencyLease {
  settle(outcome: { overloaded: boolean }): void
  /** The call was never made, and says nothing about the limit. */
  cancel(): void
}
