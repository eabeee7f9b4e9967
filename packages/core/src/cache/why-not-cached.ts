import type { Exchange } from '../call/exchange.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { parseRecord } from '../base/json.ts'
import type { CacheRules } from '../options/cache-options.ts'

/** Returns the reason why a request bypasses the cache, as one word for the receipt; undefined if the request uses the cache. */
export function whyNotCached(
  { json, operation, perCall, init }: Exchange,
  { when }: CacheRules,
  telemetry: Telemetry,
): string | undefined {
  if (perCall.cache === 'bypass') return 'requested'
  if (!json || !operation.checksAnswers) return 'not-a-question'
  // A request that depends on state at its provider gets a different answer each time.
  if (!operation.portable) return 'stateful'
  if (when === 'always') return undefined
  if (when !== 'safe') return chosen(when, init.body, telemetry) ? undefined : 'not-chosen'
  return operation.caching.whyUnsafe(json)
}

/**
 * Calls the user's function `cache.when`, which decides whether the request uses the cache. The function gets a copy of the request, so
 * that it cannot change the cache key. If it throws, the request bypasses the cache.
 */
function chosen(
  when: (request: Readonly<Record<string, unknown>>) => boolean,
  body: RequestInit['body'],
  telemetry: Telemetry,
): boolean {
  try {
    return when(typeof body === 'string' ? (parseRecord(body) ?? {}) : {})
  } catch (error) {
    telemetry.warn('cache.when threw', error)
    return false
  }
}
