import type { Outcome, Reason } from '../outcome.ts'
import type { Entry } from '../tiers/entry.ts'
import { ageOf } from '../tiers/staleness.ts'
import type { Waiter } from './waiter.ts'

/** How a request was answered: with an entry of the cache, or with what was just loaded. */
export type FlightResult<Fresh> =
  | { readonly outcome: Outcome; readonly entry: Entry; readonly fresh?: undefined }
  | { readonly outcome: Outcome; readonly entry?: undefined; readonly fresh: Fresh }

/** Either a result, or a waiter in the flight that will have one. */
export type ResultOrWaiter<Fresh> =
  | { readonly result: FlightResult<Fresh>; readonly waiter?: undefined; readonly joined: false }
  | { readonly result?: undefined; readonly waiter: Waiter<FlightResult<Fresh>>; readonly joined: boolean }

/** @param error the load error that a stale entry hides */
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

export function fromLoad<Fresh>(
  fresh: Fresh,
  status: 'miss' | 'bypass',
  reason: Reason,
): FlightResult<Fresh> {
  return { outcome: { status, reason, source: 'load', ageMs: 0 }, fresh }
}
