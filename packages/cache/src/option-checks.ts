/**
 * What a package needs that loads the cache only when it is first used: the checks of the options, and the statistics of a cache that was not
 * used yet.
 */
export { noCacheStats } from './cache-stats.ts'
export { checkCacheOptions } from './options.ts'
export { checkSemanticOptions } from './semantic/options.ts'
export { checkPrefetcherOptions, noPrefetcherStats } from './prefetch/prefetcher-options.ts'
