import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'

export default defineConfig({
  ...(base as Options),
  entry: {
    index: 'src/index.ts',
    sqlite: 'src/stores/sqlite.ts',
    keyv: 'src/stores/keyv.ts',
    'store-contract': 'src/stores/store-contract.ts',
  },
})
