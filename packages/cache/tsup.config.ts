import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'

export default defineConfig({
  ...(base as Options),
  entry: [
    'src/index.ts',
    'src/option-checks.ts',
    'src/semantic/index.ts',
    'src/stores/sqlite.ts',
    'src/stores/keyv.ts',
    'src/stores/store-contract.ts',
  ],
})
