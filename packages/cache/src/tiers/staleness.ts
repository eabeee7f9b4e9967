/** The times that decide how an entry may be served. All of them are in milliseconds since 1970. */
export interface Life {
  /** When the load of the entry began. An invalidation applies to the entry if it happened after this time. */
  readonly bornAt: number
  /** When the entry was stored. */
  readonly storedAt: number
  /** When the entry stops being fresh. */
  readonly freshUntil: number
  /** When the entry stops being served stale while a refresh runs in the background (`stale-while-revalidate`). */
  readonly revalidateUntil: number
  /** When the entry stops being served stale after a failed load (`stale-if-error`). */
  readonly errorUntil: number
}

export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'expired'

/**
 * Returns how an entry may be served now. `stale-while-revalidate` and `stale-if-error` are those of RFC 5861. Both periods begin when the
 * entry stops being fresh.
 */
export function freshnessOf(life: Life, now: number): Freshness {
  if (now < life.freshUntil) return 'fresh'
  if (now < life.revalidateUntil) return 'stale-while-revalidate'
  if (now < life.errorUntil) return 'stale-if-error'
  return 'expired'
}

/** Returns when an entry expires, in milliseconds since 1970. From then on, it is never served. */
export function endOf(life: Life): number {
  return Math.max(life.freshUntil, life.revalidateUntil, life.errorUntil)
}

/**
 * Returns the time since an entry was stored, in whole milliseconds. The result is at least 0, even if the clocks of two processes differ.
 */
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
 * Computes the times of an entry that is stored now. Jitter shortens the time to live by up to the share `ttlJitter`, so that entries
 * stored together do not expire together. It never extends the time to live, so no entry is served longer than allowed.
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
