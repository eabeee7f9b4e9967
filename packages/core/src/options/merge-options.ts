import { OptionError } from '../errors.ts'
import { refuseStoreOptions } from '../cache/cache-options.ts'
import type { HarborOptions } from './options.ts'
import { attemptsOf } from './attempts.ts'
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
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  return {
    ...own,
    ...given,
    retry: { ...(retry === false ? {} : retry), maxAttempts },
    maxRetries: maxAttempts - 1,
  }
}
