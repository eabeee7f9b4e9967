import { OptionError } from '../errors.ts'
import type { HarborOptions } from './options.ts'
import { attemptsOf } from './settle-options.ts'

/** What the SDK does not carry over to a copy by itself. */
export type OwnOptions = Pick<HarborOptions, 'retry' | 'timeouts'>

/**
 * The options of a copy: what changes, and what it keeps. The number of attempts has two names; whichever of them
 * changes is the one that counts.
 * @param maxRetries of the client that is copied, which its user may have changed since
 * @throws OptionError for `pool`, which belongs to the engine that all copies share
 */
export function mergeOptions(
  kept: OwnOptions,
  changes: Partial<HarborOptions>,
  maxRetries: number,
): Partial<HarborOptions> {
  if (changes.pool !== undefined) {
    throw new OptionError(
      'pool',
      'pool cannot change in a copy, which shares its connections. Make a new Harbor.',
    )
  }
  const { retry = kept.retry, timeouts = kept.timeouts } = changes
  const maxAttempts = attemptsOf(changes) ?? maxRetries + 1
  return {
    ...changes,
    timeouts,
    retry: { ...(retry === false ? {} : retry), maxAttempts },
    maxRetries: maxAttempts - 1,
  }
}
