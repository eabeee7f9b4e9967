import type { Outcome, Reason } from '../outcome.ts'
import { ageOf } from '../tiers/staleness.ts'
import type { Entry } from '../tiers/entry.ts'
import type { Seat } from './waiter.ts'

/** What a question came to: an entry of the cache, or something fresh from the origin. */
export type Landing<Fresh> =
  | { readonly outcome: Outcome; readonly entry: Entry; readonly fresh?: undefined }
  | { readonly outcome: Outcome; readonly entry?: undefined; readonly fresh: Fresh }

/** A landing that is there, or a seat in the flight that will bring it. */
export type Answer<Fresh> =
  | { readonly landing: Landing<Fresh>; readonly seat?: undefined; readonly joined: false }
  | { readonly landing?: undefined; readonly seat: Seat<Landing<Fresh>>; readonly joined: boolean }

/** With an entry. @param error that it hides */
export function landed<Fresh>(
  entry: Entry,
  status: 'hit' | 'stale',
  reason: Reason,
  source: 'near' | 'far',
  now: number,
  error?: unknown,
): Landing<Fresh> {
  const outcome = { status, reason, source, ageMs: ageOf(entry.life, now) }
  return { outcome: error === undefined ? outcome : { ...outcome, error }, entry }
}

/** With what the origin has just brought. */
export function loaded<Fresh>(fresh: Fresh, status: 'miss' | 'bypass', reason: Reason): Landing<Fresh> {
  return { outcome: { status, reason, source: 'load', ageMs: 0 }, fresh }
}
