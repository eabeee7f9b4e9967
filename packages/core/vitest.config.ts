import { defineConfig } from 'vitest/config'
import base from '../../vitest.base.ts'

/** Tests that also run on the lowest supported version of the SDK. */
const ON_BOTH_SDKS = [
  'resilient-call',
  'surface',
  'with-options',
  'receipts',
  'direct-send',
  'sdk-hooks',
  'sdk-fast-path',
  'events',
  'signing',
  'tenants',
  'helper-receipts',
  'retry-count',
]

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: [],
    projects: [
      {
        extends: true,
        test: {
          name: 'openai',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/lowest-openai.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'lowest openai',
          include: [`test/{lowest-openai,${ON_BOTH_SDKS.join(',')}}.test.ts`],
          alias: [{ find: /^openai(?=$|\/)/, replacement: 'openai-lowest' }],
        },
      },
    ],
  },
})
