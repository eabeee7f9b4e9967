/** What an import costs, bundled, minified and gzipped. What a package depends on from elsewhere is not counted. */
export default [
  budget('retry', '2 kB', { import: '{ retry }' }),
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
