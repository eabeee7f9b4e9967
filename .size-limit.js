/**
 * What an import costs, bundled as ESM, minified and gzipped. What a package depends on from elsewhere is not counted.
 * Each bound is what there is, rounded up: it keeps a package from growing unseen, and says nothing of what it should be.
 *
 * What was wanted of retry, breaker and fallback, and missed, stands beside what is reached in their READMEs; `pnpm bench` prints
 * which source file the bytes are of.
 *
 * The bound of `retry` stood at 2 kB, was missed, and was raised to 5.7; it has come down since, and goes down with the package.
 * The bound of core, with the other six packages, was 30 kB before core had the breaker, the fallback, targets, costs and alerts, and 50
 * before it had cache, limits, bulk runs and embedding batches. Most of it is those packages, so core's own code has a bound by itself.
 * The bound of batch was 7.4 kB before it had limits, the bulk runner and the journal; who imports `createBatcher` alone pays for none
 * of them, but for half a kilobyte of what options must be, which no bundler can prove to be unused.
 * Those of batch were 21 kB, of `createBatcher` 5.7 and of batch/openai 8.1, and of all seven together 101.5, before a state of provider batches was
 * locked and knew its ids across files (the lock and the index of ids are in both of batch's entries now), and before an add took a tenth less time.
 * The bound of cache was 16 kB before predictions knew sessions, and answers that are recorded could be asked for ahead.
 * The bound of pool was 12 kB before it had autoscale and the percentiles of a histogram, and 12.2 before it loaded undici only when
 * there is a pool: for a kilobyte here an import is spared the hundred files of undici. Core's with the other six was 101.5 before that, and
 * before attempts of a retry policy shared a timer, which is no part of `retry` alone.
 * Before calls were made cheaper at run time, that is to say before `tryAcquire`, texts that are kept as texts, keys made the short way, lean headers
 * and what the SDK is spared, they were: `createRateLimiter` 5.7 kB, batch 21.6, `requestKey` 2.2, `createCache` 12.5, cache 16.1, pool 13.2,
 * core's own code 38, all seven 103.3.
 * Before requests that the SDK made twice were sent a short way, and before what a call leaves was freed by the next young collection (a line of its own
 * for the pool, places for the flights of a cache, and what is kept of the last call), they were: `requestKey` 2.5 kB, `createCache` 13, cache 16.9,
 * pool 13.8, core's own code 39.8, all seven 108.3. For 1.2 kB a call costs half as much.
 * Before Harbor was true for everybody's input, they were: retry 5.3 kB, breaker 3.5 and 4.6, fallback 2.2 and 5, batch 21.7 with 5.8 for each of its two
 * functions, batch/openai 10.9, `requestKey` 2.6, `createCache` 13.1, cache 17.1, pool 14.1, the monitor 7.4, core's own code 40.5, all seven 109.6. What
 * it pays for: suggestions for options with the names of other libraries (0.4 kB in each package), SHA-256 and CRC-32 for browsers (1.2), estimates
 * by script and tier, errors in the shapes of many vendors, every kind of stream, redirects, identity by all headers, bounded decoding.
 * The monitor of core is an entry of its own, so that a client without one bundles nothing of it.
 * Bundled as CommonJS, as they were at first, whole packages are 0.2 to 0.3 kB more: the names of what they export.
 */
const ELSEWHERE = ['undici', 'openai', 'lru-cache', '@pydantic/genai-prices']
const LEAVES = ['retry', 'breaker', 'fallback', 'batch', 'batch/openai', 'cache', 'pool'].map(
  (name) => `@harbor/${name}`,
)

export default [
  budget('retry', '6.5 kB', { import: '{ retry }' }),
  budget('breaker', '4 kB', { name: '@harbor/breaker: CircuitBreaker', import: '{ CircuitBreaker }' }),
  budget('breaker', '5.2 kB'),
  budget('fallback', '2.7 kB', { name: '@harbor/fallback: fallback', import: '{ fallback }' }),
  budget('fallback', '5.5 kB'),
  budget('batch', '6.3 kB', { name: '@harbor/batch: createBatcher', import: '{ createBatcher }' }),
  budget('batch', '26.6 kB'),
  budget('batch', '7.4 kB', { name: '@harbor/batch: createRateLimiter', import: '{ createRateLimiter }' }),
  budget('batch', '13.3 kB', {
    name: '@harbor/batch/openai',
    path: 'packages/batch/dist/provider/openai.js',
  }),
  budget('cache', '4 kB', { name: '@harbor/cache: requestKey', import: '{ requestKey }' }),
  budget('cache', '14.2 kB', {
    name: '@harbor/cache: createCache',
    import: '{ createCache }',
    ignore: ['lru-cache'],
  }),
  budget('cache', '19.1 kB', { ignore: ['lru-cache'] }),
  budget('pool', '16.5 kB', { ignore: ['undici'] }),
  budget('core', '7.9 kB', {
    name: '@harbor/core/monitor',
    path: 'packages/core/dist/monitor/index.js',
    ignore: [...ELSEWHERE, ...LEAVES],
  }),
  budget('core', '65 kB', { name: '@harbor/core: its own code', ignore: [...ELSEWHERE, ...LEAVES] }),
  budget('core', '146 kB', { name: '@harbor/core: with the other six', ignore: ELSEWHERE }),
]

function budget(name, limit, options) {
  return {
    name: `@harbor/${name}`,
    path: `packages/${name}/dist/index.js`,
    limit,
    gzip: true,
    modifyEsbuildConfig: (config) => ({ ...config, platform: 'node', format: 'esm' }),
    ...options,
  }
}
