import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultServerConditions } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Global setup of packages whose tests start programs. They are bundled, and start faster. */
export const PROGRAMS = join(import.meta.dirname, 'vitest.programs.ts')

/** How every package is tested: sources as they are, a JSON report for the count that `.ci/run` prints. */
const base = defineConfig({
  ssr: { resolve: { conditions: ['@harbor/source', ...defaultServerConditions] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Young objects die where they are: with the default size, 5 % of the CPU time goes into moving them.
    execArgv: ['--expose-gc', '--conditions=@harbor/source', '--max-semi-space-size=64'],
    // Node keeps there what it has made of sources, by their contents: a process that a test starts is ready in half of the time.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'harbor-compile-cache') },
    // These end a test that hangs. They judge no speed: a machine that is busy with other work may need long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 100_000 } },
    // Two packages are tested at once, so there are two workers for each core. More only load and compile the sources more often.
    maxWorkers: availableParallelism(),
    // HARBOR_TEST_REPORT keeps the report of a run under another Node apart: see scripts/test-under.ts.
    reporters: [
      'default',
      ['json', { outputFile: process.env.HARBOR_TEST_REPORT ?? '.reports/vitest.json' }],
    ],
  },
})

export default base

const LEFTOVERS = join(import.meta.dirname, 'vitest.setup.ts')

/**
 * For test files that can share a process, since they leave nothing behind: a setup file makes those fail that do. A worker then loads the
 * package once, not for each file; for short tests, loading is half of the work.
 */
export const shared = defineConfig({
  ...base,
  test: { ...base.test, isolate: false, setupFiles: [LEFTOVERS] },
})

/** For a package whose test files run in several ways: each project says which of them it takes. */
export function inProjects(...projects: TestProjectInlineConfiguration[]): typeof base {
  return defineConfig({
    ...base,
    test: { ...base.test, include: [], projects: projects.map((project) => ({ extends: true, ...project })) },
  })
}

/**
 * For a package whose test files can share a process, but for some.
 *
 * @param alone the paths of those that need a process of their own
 */
export function sharedExcept(...alone: string[]): typeof base {
  const { include } = base.test ?? {}
  return inProjects(
    { test: { ...shared.test, name: 'shared', include: include ?? [], exclude: alone } },
    { test: { name: 'alone', include: alone } },
  )
}
