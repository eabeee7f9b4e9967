import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'

const entry = ['src/index.ts', 'src/testing/vitest.ts', 'src/testing/node-test.ts']

export default defineConfig({
  ...(base as Options),
  entry: [...entry, 'src/cli.ts'],
  external: [/^node:/, 'vitest'],
  // The command is not imported, so it needs no types.
  dts: { entry },
})
