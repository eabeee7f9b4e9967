import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inProjects, PROGRAMS } from '../../vitest.base.ts'
import { REPLACES_MODULES } from '../../vitest.replaces-modules.ts'

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
  'key-functions',
  'tenants',
  'helper-receipts',
  'retry-count',
]

/** Test files that measure the heap of their process, or what a collection leaves of it. */
const MEASURING = ['abort', 'many-calls', 'stream-faults', 'storm/storm']

/** Test files that need a process of their own: those that measure it, and those that replace a module of it. */
const ALONE = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: import.meta.dirname }).filter(
  (file) =>
    MEASURING.some((name) => file === `test/${name}.test.ts`) ||
    REPLACES_MODULES.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
)

const ON_LOWEST = ['lowest-openai', ...ON_BOTH_SDKS].map((name) => `test/${name}.test.ts`)

// A worker loads the SDK and the package once, not for each file; for short tests, loading is half of the work.
const together = { isolate: false, setupFiles: ['test/helpers/sdk-leftovers.ts'] }
const lowest = { alias: [{ find: /^openai(?=$|\/)/, replacement: 'openai-lowest' }] }

export default inProjects(
  {
    test: {
      ...together,
      name: 'openai',
      globalSetup: [PROGRAMS],
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: ['test/lowest-openai.test.ts', ...ALONE],
    },
  },
  { test: { name: 'alone', include: ALONE } },
  {
    test: {
      ...lowest,
      ...together,
      name: 'lowest openai',
      include: ON_LOWEST.filter((file) => !ALONE.includes(file)),
    },
  },
  {
    test: {
      ...lowest,
      name: 'lowest openai, alone',
      include: ON_LOWEST.filter((file) => ALONE.includes(file)),
    },
  },
)
