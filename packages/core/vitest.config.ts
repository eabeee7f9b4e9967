import { defineConfig } from 'vitest/config'
import base from '../../vitest.base.ts'

/** Tests of Harbor as its users meet it. They run a second time, on the lowest version of the SDK that is supported. */
const ON_BOTH_SDKS = [
  'resilient-call',
  'surface',
  'with-options',
  'receipts',
  'known-requests',
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
