import type { PrefetcherOptions } from '@harbor/cache'
import { checkPrefetcherOptions } from '@harbor/cache/option-checks'
import { OptionError } from '../base/errors.ts'
import { inSection, refuseOwnOf } from '../base/in-section.ts'

/**
 * The options of `prefetch`, which predicts the next requests and sends them early. They are those of `createPrefetcher()` in `@harbor/cache`,
 * without `cache` and `clock`, which Harbor sets itself.
 */
export type PrefetchOptions = Omit<PrefetcherOptions<never>, 'cache' | 'clock'>

const ANY_CACHE = {
  has: () => false,
  idle: () => Promise.resolve(),
  prefetch: () => Promise.reject(new Error('This cache only checks options.')),
}

/** Checks the `prefetch` section. @throws OptionError for an unknown or invalid option, or when there is no cache to fill */
export function checkPrefetch(prefetch: boolean | PrefetchOptions | undefined, cache: unknown): void {
  if (!prefetch) return
  if (!cache) {
    throw new OptionError(
      'prefetch',
      'prefetch needs the cache, which is off: set cache: true, or leave prefetch out.',
    )
  }
  if (prefetch === true) return
  refuseOwnOf('prefetch', prefetch, ['cache', 'clock'])
  inSection('prefetch', () => checkPrefetcherOptions({ ...prefetch, cache: ANY_CACHE }))
}
