import { isSafeToCache, type LlmOperation } from '@harbor/cache'
import type { Exchange } from '../call/exchange.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { CacheRules } from './cache-options.ts'

/** Why a request is neither answered from the cache nor kept in it, in a word; undefined when it may be. */
export function whyNotCached(
  { json, operation, asked }: Exchange,
  { when }: CacheRules,
  telemetry: Telemetry,
): string | undefined {
  if (asked.cache === 'bypass') return 'asked'
  if (!json || operation.name === 'other') return 'not-a-question'
  // What continues something at its provider is another question each time.
  if (!operation.portable) return 'stateful'
  if (when === 'always') return undefined
  if (when !== 'safe') return chosen(when, json, telemetry) ? undefined : 'not-chosen'
  const verdict = isSafeToCache(operation.name satisfies LlmOperation, json)
  return verdict === true ? undefined : verdict
}

/** A function that throws chooses nothing. */
function chosen(
  when: (request: Readonly<Record<string, unknown>>) => boolean,
  json: Readonly<Record<string, unknown>>,
  telemetry: Telemetry,
): boolean {
  try {
    return when(json)
  } catch (error) {
    telemetry.warn('cache.when threw', error)
    return false
  }
}
