import type { ObservedLimit, ObservedLimits } from '@harbor/batch'

/** The maximum time for which reported rate limits are used, in milliseconds. */
const MAX_RESET_MS = 24 * 60 * 60_000
/**
 * The time after which a rate limit is assumed to be full again, in milliseconds, if the answer that reported the limit does not say when.
 */
const DEFAULT_RESET_MS = 60_000

/**
 * The amount that was left of one rate limit when an answer reported it. The amount is assumed to grow evenly until the reset, when it is
 * full again.
 */
interface Level {
  /** The full amount of the limit; undefined if it was not reported. */
  readonly limit: number | undefined
  readonly remaining: number
  readonly at: number
  readonly resetMs: number
}

/** The rate limits of a key for one model: what was left of them according to the latest answer. */
export class KeyRoom {
  #levels: readonly Level[] = []
  /** The number of requests that were sent since the latest answer that reported limits. */
  #sent = 0

  /** Records the rate limits that an answer reports. An answer without limits changes nothing. */
  observe(
    { requests, tokens, inputTokens, outputTokens, requestsPerDay }: ObservedLimits,
    now: number,
  ): void {
    const observed = [requests, requestsPerDay, tokens, inputTokens, outputTokens]
    const levels = observed.flatMap((limit) => levelOf(limit, now) ?? [])
    if (levels.length === 0) return
    this.#levels = levels
    this.#sent = 0
  }

  /** Records that a request is sent. */
  use(): void {
    this.#sent++
  }

  /**
   * Returns the share that is left of the limits, from 0 to 1: the smallest one, if there are several limits. Undefined before an answer
   * has reported limits.
   */
  left(now: number): number | undefined {
    const levels = this.#levels.filter((level) => isCurrent(level, now))
    if (levels.length === 0) return this.#levels.length === 0 ? undefined : 1
    return Math.min(...levels.map((level) => this.#shareOf(level, now)))
  }

  /** Returns the time until something is left of every limit, in milliseconds; 0 if that is so now. */
  waitMs(now: number): number {
    const current = this.#levels.filter((level) => isCurrent(level, now))
    return Math.max(0, ...current.map((level) => waitFor(level, now)))
  }

  #shareOf(level: Level, now: number): number {
    const amount = amountAt(level, now)
    if (level.limit === undefined) return amount > 0 ? 1 : 0
    return Math.min(1, Math.max(0, (amount - this.#sent) / level.limit))
  }
}

function levelOf(observed: ObservedLimit | undefined, now: number): Level | undefined {
  if (observed?.remaining === undefined) return undefined
  const { limit, remaining, resetAfterMs, windowMs = DEFAULT_RESET_MS } = observed
  const full = limit !== undefined && limit > 0 ? Math.max(limit, remaining) : undefined
  return { limit: full, remaining, at: now, resetMs: Math.min(resetAfterMs ?? windowMs, MAX_RESET_MS) }
}

function isCurrent({ at, resetMs }: Level, now: number): boolean {
  return now < at + resetMs
}

function amountAt({ limit, remaining, at, resetMs }: Level, now: number): number {
  if (limit === undefined) return remaining
  return remaining + ((limit - remaining) * (now - at)) / resetMs
}

/** Returns the time until at least one request or token is left of a limit, in milliseconds. */
function waitFor(level: Level, now: number): number {
  const { limit, remaining, at, resetMs } = level
  if (amountAt(level, now) >= 1) return 0
  if (limit === undefined || limit <= remaining) return at + resetMs - now
  return Math.min(1, (1 - remaining) / (limit - remaining)) * resetMs - (now - at)
}
