import { OptionError } from '../base/errors.ts'
import { refuseStoreOptions } from '../options/cache-options.ts'
import type { HarborOptions } from '../options/options.ts'
import { attemptsOf } from '../options/attempts.ts'
import { withoutNative } from './providers.ts'
import { NATIVE } from '../targets/providers.ts'
import type { OwnOptions } from './settle-options.ts'

/** What all copies of a client share, since it has a state or belongs to the connections. */
const SHARED = ['pool', 'breaker', 'health', 'alerts', 'prefetch', 'embeddingBatch', 'limits'] as const

/**
 * The options of a copy: what changes, and what it keeps. The number of attempts has two names; whichever of them
 * changes is the one that counts.
 * @param maxRetries of the client that is copied, which its user may have changed since
 * @throws OptionError for what belongs to the engine that all copies share
 */
export function mergeOptions(
  kept: OwnOptions,
  changes: Partial<HarborOptions>,
  maxRetries: number,
): Partial<HarborOptions> {
  const shared = SHARED.find((name) => changes[name] !== undefined)
  if (shared) {
    throw new OptionError(
      shared,
      `${shared} cannot change in a copy, which shares its connections and what it knows of its targets. Make a new Harbor.`,
    )
  }
  refuseStoreOptions(changes)
  const {
    pool: _pool,
    breaker: _breaker,
    health: _health,
    alerts: _alerts,
    prefetch: _prefetch,
    embeddingBatch: _embeddingBatch,
    ...own
  } = kept
  const { retry = kept.retry } = changes
  const maxAttempts = attemptsOf(changes) ?? maxRetries + 1
  // Beside `dataResidency` the SDK refuses any `baseURL`, also an undefined one.
  const isKept = (name: string): boolean => name === 'baseURL' && changes.dataResidency != null
  const given = Object.fromEntries(
    Object.entries(changes).filter(([name, value]) => value !== undefined || isKept(name)),
  )
  return {
    ...own,
    ...given,
    ...ownProvider(own, changes),
    retry: { ...(retry === false ? {} : retry), maxAttempts },
    maxRetries: maxAttempts - 1,
  }
}

/** Key and address have two places. Whichever of them a copy is given holds, whatever the client it is made of had in the other. */
function ownProvider(
  { providers: kept }: OwnOptions,
  changes: Partial<HarborOptions>,
): Pick<HarborOptions, 'providers' | 'apiKey' | 'baseURL'> {
  const entry = changes.providers?.[NATIVE]
  const named = {
    ...(changes.apiKey === undefined && entry?.apiKey != null && { apiKey: entry.apiKey }),
    ...(changes.baseURL === undefined && entry?.baseURL !== undefined && { baseURL: entry.baseURL }),
  }
  return changes.providers ? named : { providers: withoutNative(kept, changes) }
}
