/** When an entry was made and until when it may be served, in milliseconds since 1970. */
export interface Life {
  /** When the load of the entry began. An invalidation after that time applies to the entry. */
  readonly bornAt: number
  /** When the entry was stored. */
  readonly storedAt: number
  /** Until this time the entry is fresh. */
  readonly freshUntil: number
  /** Until this time the entry is served stale at once, while a refresh runs in the background. */
  readonly revalidateUntil: number
  /** Until this time the entry is served stale if loading fails. */
  readonly errorUntil: number
}

export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'expired'

/**
 * How an entry may be served now. Only its life and the clock decide; no entry has a timer.
 * The two windows of RFC 5861 begin when freshness ends.
 */
export function freshnessOf(life: Life, now: number): Freshness {
  if (now < life.freshUntil) return 'fresh'
  if (now < life.revalidateUntil) return 'stale-while-revalidate'
  if (now < life.errorUntil) return 'stale-if-error'
  return 'expired'
}

/** When an entry expires, in milliseconds since 1970. */
export function endOf(life: Life): number {
  return Math.max(life.freshUntil, life.revalidateUntil, life.errorUntil)
}

/** The age of an entry in whole milliseconds; at least 0, even if the clocks of two processes differ. */
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
 * The life of an entry that is stored now. Jitter shortens the time to live by up to `ttlJitter`, so that entries stored together do not
 * expire together. Jitter never extends the time to live, so no entry is served longer than allowed.
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
