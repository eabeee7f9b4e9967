import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'

export default defineConfig({
  ...(base as Options),
  entry: ['src/index.ts', 'src/bin.ts'],
  // The command is not imported, so it needs no types.
  dts: { entry: ['src/index.ts'] },
})
