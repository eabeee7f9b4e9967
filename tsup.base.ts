import { defineConfig } from 'tsup'

/** How every published package is built: one ESM bundle with its declarations, dependencies left outside. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node22',
  platform: 'neutral',
  // Node's own modules keep their prefix: it is what other runtimes know them by.
  removeNodeProtocol: false,
  external: [/^node:/],
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
})
