import { createPrefetcher, type PrefetcherOptions } from '@harbor/cache'
import { OptionError } from '../base/errors.ts'
import { inSection } from '../base/in-section.ts'

/** How what is likely to be asked next is asked ahead. The options are those of `@harbor/cache`'s prefetcher. */
export type PrefetchOptions = Omit<PrefetcherOptions<never>, 'cache' | 'clock'>

const ANY_CACHE = {
  has: () => false,
  idle: () => Promise.resolve(),
  prefetch: () => Promise.reject(new Error('Nothing is asked ahead in here.')),
}

/** @throws OptionError for an option of the `prefetch` section that does not exist or makes no sense, or has nothing to fill */
export function checkPrefetch(prefetch: boolean | PrefetchOptions | undefined, cache: unknown): void {
  if (!prefetch) return
  if (!cache) {
    throw new OptionError(
      'prefetch',
      'prefetch fills the cache, and there is none: give cache: true, or leave prefetch out.',
    )
  }
  if (prefetch === true) return
  const given = ['cache', 'clock'].find((name) => name in prefetch)
  if (given) {
    throw new OptionError(`prefetch.${given}`, `prefetch.${given} is the pipeline's to give. Take it out.`)
  }
  try {
    createPrefetcher({ ...prefetch, cache: ANY_CACHE }).close()
  } catch (error) {
    throw inSection('prefetch', error)
  }
}
