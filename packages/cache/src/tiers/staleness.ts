/** When something was made and until when it may be served, all in milliseconds since 1970. */
export interface Life {
  /** When its loading began: whatever was invalidated since then, it does not know of. */
  readonly bornAt: number
  /** When it was stored. */
  readonly storedAt: number
  readonly freshUntil: number
  /** Until then it is served stale at once, while it is loaded anew. */
  readonly revalidateUntil: number
  /** Until then it is served stale if loading fails. */
  readonly errorUntil: number
}

export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'expired'

/**
 * What an entry is good for now. Nothing but its life and the clock decides; there is no timer for an entry.
 * The two windows of RFC 5861 begin when freshness ends.
 */
export function freshnessOf(life: Life, now: number): Freshness {
  if (now < life.freshUntil) return 'fresh'
  if (now < life.revalidateUntil) return 'stale-while-revalidate'
  if (now < life.errorUntil) return 'stale-if-error'
  return 'expired'
}

/** From when on it is good for nothing. */
export function endOf(life: Life): number {
  return Math.max(life.freshUntil, life.revalidateUntil, life.errorUntil)
}

/** How long ago it was stored, in whole milliseconds; never less than 0, though clocks of two processes differ. */
export function ageOf(life: Life, now: number): number {
  return Math.max(0, Math.floor(now - life.storedAt))
}

export interface LifeOptions {
  readonly ttlMs: number
  readonly ttlJitter: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
}

/**
 * The life of what is stored now. Jitter takes up to that part of the time to live away, never adds: nobody gets an answer
 * older than allowed, and what was stored together does not expire together.
 */
export function lifeOf(options: LifeOptions, bornAt: number, now: number, random: () => number): Life {
  const freshUntil = now + options.ttlMs * (1 - options.ttlJitter * random())
  return {
    bornAt,
    storedAt: now,
    freshUntil,
    revalidateUntil: freshUntil + options.staleWhileRevalidateMs,
    errorUntil: freshUntil + options.staleIfErrorMs,
  }
}
