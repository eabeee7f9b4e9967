import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

/** How every package is tested: sources as they are, a JSON report for the count that `.ci/run` prints. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@harbor/source', ...defaultServerConditions] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    execArgv: ['--expose-gc', '--conditions=@harbor/source'],
    testTimeout: 20_000,
    reporters: ['default', ['json', { outputFile: '.reports/vitest.json' }]],
  },
})
