import { SHARED, type Outcome, type Reason } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'
import type { LoadOrigin } from './flight.ts'
import { ageOf } from '../tiers/staleness.ts'
import type { Waiter } from './waiter.ts'

/** The answer to a request, and how it was found: either an entry of the cache (`entry`), or an answer that was just loaded (`fresh`). */
export type FlightResult<Fresh> =
  | { readonly outcome: Outcome; readonly entry: Entry; readonly fresh?: undefined }
  | { readonly outcome: Outcome; readonly entry?: undefined; readonly fresh: Fresh }

/**
 * Either a result, or a waiter for the result of a flight (a load in progress). `joined` means that another call had started the flight.
 */
export type ResultOrWaiter<Fresh> =
  | { readonly result: FlightResult<Fresh>; readonly waiter?: undefined; readonly joined: false }
  | { readonly result?: undefined; readonly waiter: Waiter<FlightResult<Fresh>>; readonly joined: boolean }

/**
 * Returns the result for a request that is served from the cache.
 *
 * @param error the load error, if a stale entry is served because loading failed
 */
export function fromEntry<Fresh>(
  entry: Entry,
  status: 'hit' | 'stale',
  reason: Reason,
  source: 'near' | 'far',
  now: number,
  error?: unknown,
): FlightResult<Fresh> {
  const outcome = { status, reason, source, ageMs: ageOf(entry.life, now) }
  return { outcome: error === undefined ? outcome : { ...outcome, error }, entry }
}

/** Returns the result for a request whose answer was loaded. @param origin which process has loaded it */
export function fromLoad<Fresh>(
  fresh: Fresh,
  status: 'miss' | 'bypass',
  reason: Reason,
  origin: LoadOrigin = 'own',
): FlightResult<Fresh> {
  if (origin !== 'own') return { outcome: SHARED, fresh }
  return { outcome: { status, reason, source: 'load', ageMs: 0 }, fresh }
}
