/**
 * The size of each import, bundled as ESM, minified and gzipped, without dependencies from elsewhere. Each limit is the current size,
 * rounded up: it keeps a package from growing unnoticed. The goals for retry, breaker and fallback, and the part that the shared
 * parts have in each package, are in benchmarks/README.md; `pnpm bench sizes` prints the bytes by source file. The order of the chunks in a
 * bundle depends on how busy the machine is: the same code of batch takes 27.35 or 27.55 kB.
 */
const ELSEWHERE = ['undici', 'openai', 'lru-cache', '@pydantic/genai-prices']
const LEAVES = [
  'retry',
  'breaker',
  'fallback',
  'batch',
  'batch/openai',
  'batch/anthropic',
  'cache',
  'pool',
].map((name) => `@harbor/${name}`)

/** Leaves out what is loaded only when it is first used. */
const withoutLateCode = {
  name: 'without-late-code',
  setup({ onResolve }) {
    onResolve({ filter: /^/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

export default [
  budget('retry', '8.2 kB', { import: '{ retry }' }),
  budget('breaker', '5 kB', { name: '@harbor/breaker: CircuitBreaker', import: '{ CircuitBreaker }' }),
  budget('breaker', '6.2 kB'),
  budget('fallback', '3.1 kB', { name: '@harbor/fallback: fallback', import: '{ fallback }' }),
  budget('fallback', '5.9 kB'),
  budget('batch', '6.7 kB', { name: '@harbor/batch: createBatcher', import: '{ createBatcher }' }),
  budget('batch', '27.6 kB'),
  budget('batch', '8.2 kB', { name: '@harbor/batch: createRateLimiter', import: '{ createRateLimiter }' }),
  budget('batch', '14.8 kB', {
    name: '@harbor/batch/openai',
    path: 'packages/batch/dist/provider/openai.js',
  }),
  budget('batch', '15.8 kB', {
    name: '@harbor/batch/anthropic',
    path: 'packages/batch/dist/provider/anthropic.js',
  }),
  budget('cache', '4.3 kB', { name: '@harbor/cache: requestKey', import: '{ requestKey }' }),
  budget('cache', '14.7 kB', {
    name: '@harbor/cache: createCache',
    import: '{ createCache }',
    ignore: ['lru-cache'],
  }),
  budget('cache', '19.4 kB', { ignore: ['lru-cache'] }),
  budget('cache', '13.1 kB', {
    name: '@harbor/cache/semantic',
    path: 'packages/cache/dist/semantic/index.js',
  }),
  budget('pool', '16.8 kB', { ignore: ['undici'] }),
  budget('ai-sdk', '45 kB'),
  budget('redis', '28.7 kB'),
  budget('bullmq', '29 kB', { ignore: ['bullmq'] }),
  budget('otel', '10.1 kB', { ignore: ['@opentelemetry/api'] }),
  budget('devtools', '36 kB'),
  budget('core', '8.5 kB', {
    name: '@harbor/core/monitor',
    path: 'packages/core/dist/monitor/index.js',
    ignore: [...ELSEWHERE, ...LEAVES],
  }),
  budget('core', '139.1 kB', { name: '@harbor/core: its own code', ignore: [...ELSEWHERE, ...LEAVES] }),
  budget('core', '108.2 kB', {
    name: '@harbor/core: its own code that an import loads',
    ignore: [...ELSEWHERE, ...LEAVES],
    modifyEsbuildConfig: (config) => ({ ...forNode(config), plugins: [withoutLateCode] }),
  }),
  budget('core', '238.7 kB', { name: '@harbor/core: with the other six', ignore: ELSEWHERE }),
]

function budget(name, limit, options) {
  return {
    name: `@harbor/${name}`,
    path: `packages/${name}/dist/index.js`,
    limit,
    gzip: true,
    modifyEsbuildConfig: forNode,
    ...options,
  }
}

function forNode(config) {
  return { ...config, platform: 'node', format: 'esm' }
}
