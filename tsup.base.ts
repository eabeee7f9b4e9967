import { defineConfig } from 'tsup'

/** How every published package is built: one ESM bundle with its declarations, dependencies left outside. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node22',
  platform: 'neutral',
  removeNodeProtocol: false,
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
})
