/**
 * What an import costs, bundled, minified and gzipped. What a package depends on from elsewhere is not counted.
 * Each bound is what there is, rounded up: it keeps a package from growing unseen. `retry` and `breaker` aim at 2 and
 * 2.5 kB and are not there; their READMEs say where the bytes are.
 */
export default [
  budget('retry', '5.7 kB', { import: '{ retry }' }),
  budget('breaker', '5 kB'),
  budget('fallback', '5 kB'),
  budget('batch', '7.4 kB'),
  budget('cache', '2.2 kB'),
  budget('pool', '12 kB', { ignore: ['undici'] }),
  budget('core', '30 kB', { ignore: ['undici', 'openai'] }),
]

function budget(name, limit, options) {
  return {
    name: `@harbor/${name}`,
    path: `packages/${name}/dist/index.js`,
    limit,
    gzip: true,
    modifyEsbuildConfig: (config) => ({ ...config, platform: 'node' }),
    ...options,
  }
}
