import type { Exchange } from '../call/exchange.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { parseRecord } from '../base/json.ts'
import type { CacheRules } from '../options/cache-options.ts'

/** Why a request is neither answered from the cache nor kept in it, in a word; undefined when it may be. */
export function whyNotCached(
  { json, operation, perCall, init }: Exchange,
  { when }: CacheRules,
  telemetry: Telemetry,
): string | undefined {
  if (perCall.cache === 'bypass') return 'asked'
  if (!json || !operation.judged) return 'not-a-question'
  // What continues something at its provider is another question each time.
  if (!operation.portable) return 'stateful'
  if (when === 'always') return undefined
  if (when !== 'safe') return chosen(when, init.body, telemetry) ? undefined : 'not-chosen'
  return operation.caching.whyUnsafe(json)
}

/** A function that throws chooses nothing. It gets a copy of its own: what it changes there must not change the key. */
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
