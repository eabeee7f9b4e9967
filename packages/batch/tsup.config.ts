import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'

export default defineConfig({
  ...(base as Options),
  entry: [
    'src/index.ts',
    'src/provider/openai.ts',
    'src/provider/anthropic.ts',
    'src/limits/create-shared-rate-limiter.ts',
  ],
})
